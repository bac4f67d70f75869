"""Contestants, entries, judges, seats, recusals."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.contests.api.v1.filters import (
    AssignmentFilter,
    ContestantFilter,
    EntryFilter,
    JudgeFilter,
    RecusalFilter,
)
from apps.contests.api.v1.serializers.people import (
    AssignmentSerializer,
    ContestantSerializer,
    EntrySerializer,
    JudgeSerializer,
    RecusalSerializer,
)
from apps.contests.api.v1.serializers.structure import EmptySerializer
from apps.contests.api.v1.views.parts import PartViewSet
from apps.contests.enums import ContestantStatus, ContestStatus, EntryState
from apps.contests.models import Assignment, Contestant, Entry, Judge, Recusal
from apps.contests.policies import is_judge_only
from apps.contests.services.structure import change_judge, set_contestant_status, set_entry_state
from apps.core.access import Capability
from apps.core.rest.etags import expected_version
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin, answer_row
from apps.core.softdelete.rest import SoftDeleteMixin

NAMES = frozenset({"search", "affiliation"})


def _nameless(contest: str) -> models.Q:
    """Rows of a contest whose judges see no names yet; `contest` is the path to it."""
    published = models.Q(**{f"{contest}__status": ContestStatus.PUBLISHED})
    return models.Q(**{f"{contest}__blind": True}) & ~published


class ContestantViewSet(PartViewSet):
    """Persons and teams."""

    model = Contestant
    serializer_class = ContestantSerializer
    filterset_class = ContestantFilter
    ordering_fields = ("number", "name", "affiliation", "created_at")
    search_fields = ("name", "affiliation")

    def rows(self) -> models.QuerySet[Contestant]:
        return Contestant.objects.select_related("contest")

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Who sees numbers only can't find people by their names either."""
        queryset = super().filter_queryset(queryset)
        asked = self.request.query_params
        by_name = {"name", "affiliation"} & {f.strip().lstrip("-") for f in asked.get("ordering", "").split(",")}
        if is_judge_only(self.access) and (by_name or NAMES & set(asked)):
            return queryset.exclude(_nameless("contest"))
        return queryset

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the contestant out of every category: listed without a place, the number stays theirs."""
        return self._set(request, ContestantStatus.WITHDRAWN)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def disqualify(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Disqualify the contestant from the contest."""
        return self._set(request, ContestantStatus.DISQUALIFIED)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a withdrawal or disqualification back."""
        return self._set(request, ContestantStatus.ENTERED)

    def _set(self, request: Request, status: ContestantStatus) -> Response:
        EmptySerializer(data=request.data).is_valid(raise_exception=True)
        version = expected_version(request, required=False)
        contestant = set_contestant_status(contestant_id=self.get_object().pk, status=status, version=version)
        return answer_row(self, contestant, request)


class EntryViewSet(PartViewSet):
    """Starts of contestants in categories."""

    model = Entry
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    ordering_fields = ("starting_order", "created_at")

    def rows(self) -> models.QuerySet[Entry]:
        return Entry.objects.select_related("category", "contestant")

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"], url_path="no-show")
    def no_show(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that the contestant did not start."""
        return self._set(request, EntryState.NO_SHOW)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the contestant out of this category."""
        return self._set(request, EntryState.WITHDRAWN)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def disqualify(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Disqualify the contestant from this category."""
        return self._set(request, EntryState.DISQUALIFIED)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take that back."""
        return self._set(request, EntryState.ENTERED)

    def _set(self, request: Request, state: EntryState) -> Response:
        EmptySerializer(data=request.data).is_valid(raise_exception=True)
        version = expected_version(request, required=False)
        entry = set_entry_state(entry_id=self.get_object().pk, state=state, version=version)
        return answer_row(self, entry, request)


class JudgeViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """People who mark."""

    model = Judge
    serializer_class = JudgeSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.ORGANIZE}
    filterset_class = JudgeFilter
    ordering_fields = ("name", "affiliation", "created_at")
    search_fields = ("name", "affiliation", "qualifications")

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        judge: Judge = serializer.instance  # type: ignore[assignment]
        serializer.instance = change_judge(judge=judge, values=serializer.validated_data)


class AssignmentViewSet(PartViewSet):
    """Seats on panels."""

    model = Assignment
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilter
    ordering_fields = ("seat", "created_at")
    search_fields = ("seat", "judge__name")

    def rows(self) -> models.QuerySet[Assignment]:
        return Assignment.objects.select_related("category", "judge")


class RecusalViewSet(PartViewSet):
    """Seats that don't mark a contestant."""

    model = Recusal
    serializer_class = RecusalSerializer
    filterset_class = RecusalFilter
    ordering_fields = ("created_at",)

    def rows(self) -> models.QuerySet[Recusal]:
        """In a blind contest, judges don't learn by their recusals who is of their club."""
        recusals = Recusal.objects.select_related("assignment__category", "contestant")
        return recusals.exclude(_nameless("contestant__contest")) if is_judge_only(self.access) else recusals

    def contest_id(self, part: Recusal) -> UUID:
        return part.contestant.contest_id
