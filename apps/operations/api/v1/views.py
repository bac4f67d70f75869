"""Jobs, and imports that make them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.enums import OnExisting, TableKind
from apps.contests.services.imports.csv_files import Order, Rehearsal, report_of
from apps.contests.services.imports.csv_uploads import start_csv_import
from apps.contests.services.imports.isu_rows import ASPECTS, MARKS, PERFORMANCES
from apps.contests.services.imports.uploads import start_import
from apps.core.access import Capability
from apps.core.deadletters.models import FailedTask
from apps.core.deadletters.services import replay_task
from apps.core.jobs.models import Job
from apps.core.jobs.services import request_cancel
from apps.core.rest.views import PodiumViewSet, ReadMixin, answer_row, organization_required
from apps.operations.api.v1.filters import FailedTaskFilter, JobFilter
from apps.operations.api.v1.serializers import (
    CSVImportSerializer,
    FailedTaskSerializer,
    ImportRehearsalSerializer,
    ImportSerializer,
    JobSerializer,
    JudgesImportSerializer,
)
from apps.operations.selectors import visible_failures, visible_jobs

FIELDS = {"performances": PERFORMANCES, "judged_aspects": ASPECTS, "judge_scores": MARKS}


def _described(body: type[CSVImportSerializer]) -> dict[str, Any]:
    """What the OpenAPI document says of an import from a CSV file."""
    return {
        "request": {"multipart/form-data": body},
        "responses": {
            200: OpenApiResponse(ImportRehearsalSerializer, "With `dry_run`: what would be done, and every fault."),
            202: OpenApiResponse(JobSerializer, "The job, whose address is in Location."),
        },
    }


class FailedTaskViewSet(ReadMixin, PodiumViewSet):
    """Tasks that failed for good, for operators: to be looked at, and sent again."""

    model = FailedTask
    serializer_class = FailedTaskSerializer
    filterset_class = FailedTaskFilter
    ordering = ("-failed_at", "-id")
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.OPERATE, "write": Capability.OPERATE}

    def rows(self) -> models.QuerySet[Any]:
        """Newest first."""
        return visible_failures(self.access)

    @extend_schema(request=None, responses=FailedTaskSerializer, summary="Send a failed task again")
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send the task again with the same arguments, once. Should it fail again, that is a failure of its own."""
        failed = replay_task(failed_id=self.get_object().pk, actor_id=self.access.user_id)
        return answer_row(self, failed, request)


class JobViewSet(ReadMixin, PodiumViewSet):
    """Long work and its progress. Who organizes sees all of it, others what they have asked for themselves."""

    model = Job
    serializer_class = JobSerializer
    filterset_class = JobFilter
    search_fields = ("label",)
    ordering = ("-created_at", "-id")
    ordering_fields = ("created_at", "finished_at")
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.VIEW}

    def rows(self) -> models.QuerySet[Any]:
        """Those that the caller may see, which are those that the caller may cancel."""
        return visible_jobs(self.access)

    @extend_schema(request=None, responses=JobSerializer, summary="Cancel a job")
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Stop a job. One that runs stops at its next step, and nothing of its work is kept."""
        job = request_cancel(job_id=self.get_object().pk)
        return answer_row(self, job, request)


class ImportViewSet(PodiumViewSet):
    """Competitions from files, loaded whole or not at all."""

    model = Job
    serializer_class = ImportSerializer
    parser_classes = [MultiPartParser]
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.ORGANIZE,
        "write": Capability.ORGANIZE,
        "scores": Capability.TALLY,
    }

    @extend_schema(
        request={"multipart/form-data": ImportSerializer},
        responses={202: OpenApiResponse(JobSerializer, "The job, whose address is in Location.")},
        summary="Import ISU competitions",
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a job that loads the competitions. Bad rows are named by line, at once where that is quick."""
        organization_id = organization_required(self.access)
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        files = {name: body.validated_data[key] for key, name in FIELDS.items() if key in body.validated_data}
        job = start_import(organization_id=organization_id, files=files, archive=body.validated_data.get("archive"))
        return self._accepted(job)

    @extend_schema(**_described(CSVImportSerializer), summary="Import contestants")
    @action(detail=False, methods=["post"], serializer_class=CSVImportSerializer)
    def contestants(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Load contestants, and what they enter, from a CSV file: all of them or none."""
        return self._import(request, TableKind.CONTESTANTS)

    @extend_schema(**_described(JudgesImportSerializer), summary="Import judges")
    @action(detail=False, methods=["post"], serializer_class=JudgesImportSerializer)
    def judges(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Load judges, and their seats in a contest where one is named, from a CSV file: all of them or none."""
        return self._import(request, TableKind.JUDGES)

    @extend_schema(**_described(CSVImportSerializer), summary="Import scores")
    @action(detail=False, methods=["post"], serializer_class=CSVImportSerializer)
    def scores(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Load marks from a CSV file, by the rules of all marks: all of them or none."""
        return self._import(request, TableKind.SCORES)

    def _import(self, request: Request, kind: TableKind) -> Response:
        organization_id = organization_required(self.access)
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        contest = values.get("contest")
        order = Order(kind, organization_id, contest.pk if contest else None, OnExisting(values["on_existing"]))
        done = start_csv_import(order=order, file=values["file"], rehearses=values["dry_run"])
        return Response(report_of(done)) if isinstance(done, Rehearsal) else self._accepted(done)

    def _accepted(self, job: Job) -> Response:
        shown = JobSerializer(job, context=self.get_serializer_context()).data
        return Response(shown, status=202, headers={"Location": shown["url"]})
