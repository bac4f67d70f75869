"""Marks, scorecards, deductions, certifications."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.contests.api.v1.filters import DeductionFilter, ScoreFilter
from apps.contests.api.v1.serializers.marks import (
    BulkMarksSerializer,
    DeductionSerializer,
    NewMarkSerializer,
    ScoreSerializer,
)
from apps.contests.api.v1.serializers.structure import StatedReasonSerializer
from apps.contests.api.v1.views.parts import PartViewSet
from apps.contests.enums import DeductionStage, DeductionUnit, ScoreState
from apps.contests.models import Deduction, Score
from apps.contests.policies import reads_all_marks
from apps.contests.selectors.seats import own_seats
from apps.contests.services.deductions import impose_deduction, reverse_deduction
from apps.contests.services.holding import hold_for_share
from apps.contests.services.scores import change_mark, record_marks
from apps.core.access import Capability
from apps.core.rest.etags import expected_version
from apps.core.rest.views import PodiumViewSet, ReadMixin, answer_row
from apps.core.softdelete.visibility import DeletedRowsMixin


class ScoreViewSet(PartViewSet):
    """Single marks: all of them for the tally room, a judge's own for the judge."""

    model = Score
    serializer_class = ScoreSerializer
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.VIEW,
        "write": Capability.MARK,
        "destroy": Capability.TALLY,
        "restore": Capability.TALLY,
        "deletion_preview": Capability.TALLY,
    }
    version_required = True
    filterset_class = ScoreFilter
    ordering_fields = ("value", "created_at", "updated_at")

    def rows(self) -> models.QuerySet[Score]:
        scores = Score.objects.select_related("entry__category")
        if reads_all_marks(self.access):
            return scores
        return scores.filter(assignment__in=own_seats(self.access.user_id))

    def contest_id(self, part: Score) -> UUID:
        return part.entry.category.contest_id

    def locked_object(self) -> Any:
        """Marks are written side by side: the contest is only kept from transitions."""
        hold_for_share(contest_ids=[self.contest_id(self.get_object())])
        return super(PartViewSet, self).locked_object()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        mark = NewMarkSerializer().as_input(
            {
                "state": values.get("state", ScoreState.SCORED),
                "value": values.get("value"),
                "assignment": values["assignment_id"],
                "entry": values["entry_id"],
                "criterion": values["criterion_id"],
            }
        )
        (serializer.instance,) = record_marks(inputs=[mark], access=self.access, pointers=["#"])

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        score: Score = serializer.instance  # type: ignore[assignment]
        values = serializer.validated_data
        serializer.instance = change_mark(
            score_id=score.pk,
            access=self.access,
            state=values.get("state", score.state),
            value=values.get("value", score.value),
            version=score.version,
        )

    @extend_schema(request=BulkMarksSerializer, responses={201: ScoreSerializer(many=True)})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record up to 500 marks, all or none; errors name the row."""
        body = BulkMarksSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rows = body.validated_data["scores"]
        scores = record_marks(
            inputs=[NewMarkSerializer().as_input(row) for row in rows],
            access=self.access,
            pointers=[f"#/scores/{place}" for place in range(len(rows))],
        )
        return Response({"scores": self.get_serializer(scores, many=True).data}, status=201)


class DeductionViewSet(ReadMixin, mixins.CreateModelMixin, DeletedRowsMixin, PodiumViewSet):
    """Points taken from entries. Append-only: a wrong one is reversed."""

    model = Deduction
    serializer_class = DeductionSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.TALLY}
    filterset_class = DeductionFilter
    ordering_fields = ("amount", "created_at")
    search_fields = ("reason",)

    def rows(self) -> models.QuerySet[Deduction]:
        return Deduction.objects.select_related("entry__category")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take points from an entry, for a reason."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = {"unit": DeductionUnit.POINTS, "stage": DeductionStage.CATEGORY, **serializer.validated_data}
        deduction = impose_deduction(access=self.access, **values)
        return answer_row(self, deduction, request, status=201)

    @extend_schema(request=StatedReasonSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the points back, for a reason."""
        body = StatedReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        deduction = reverse_deduction(
            deduction_id=self.get_object().pk,
            reason=body.validated_data["reason"],
            version=expected_version(request, required=False),
        )
        return answer_row(self, deduction, request)
