"""Marks, scorecards, deductions, certifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.contests.api.v1.filters import CertificationFilter, DeductionFilter, ScoreFilter
from apps.contests.api.v1.serializers.marks import (
    BulkMarksSerializer,
    CertificationDetailSerializer,
    CertificationSerializer,
    DeductionSerializer,
    NewMarkSerializer,
    ScorecardSerializer,
    ScoreSerializer,
    ShownScorecardSerializer,
    show_scorecard,
)
from apps.contests.api.v1.serializers.structure import StatedReasonSerializer
from apps.contests.api.v1.views.parts import PartViewSet
from apps.contests.enums import DeductionStage, DeductionUnit, ScoreState
from apps.contests.errors import NotYourSeat
from apps.contests.models import Certification, Deduction, Score
from apps.contests.policies import may_mark_for, reads_all_marks
from apps.contests.selectors.scorecards import Scorecard, read_scorecard
from apps.contests.services.deductions import impose_deduction, reverse_deduction
from apps.contests.services.holding import hold_for_share
from apps.contests.services.scorecards import CardMark, save_scorecard
from apps.contests.services.scores import change_mark, record_marks
from apps.core.access import Capability
from apps.core.rest.etags import expected_version, is_known
from apps.core.rest.views import PodiumViewSet, ReadMixin, answer_row


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
        return scores.filter(assignment__judge__user_id=self.access.user_id)

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


class ScorecardViewSet(PodiumViewSet):
    """All criteria of one entry, by one seat."""

    serializer_class = ScorecardSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.MARK}
    model = Score
    filter_backends = ()
    pagination_class = None

    @extend_schema(responses=ShownScorecardSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: str) -> Response:
        """The card as it is, with an ETag; an empty one has an ETag too."""
        card = read_scorecard(**_ids(kwargs))
        if not reads_all_marks(self.access) and not may_mark_for(self.access, card.assignment):
            raise NotYourSeat("This is somebody else's scorecard.")
        return self._answer(card)

    @extend_schema(responses=ShownScorecardSerializer)
    def update(self, request: Request, *args: Any, **kwargs: str) -> Response:
        """Save the card whole, in the version that `If-Match` names. Sending the same again changes nothing."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        marks = body.validated_data["marks"]
        card = save_scorecard(
            **_ids(kwargs),
            marks={mark["criterion"]: CardMark(mark["state"], mark["value"]) for mark in marks},
            access=self.access,
            tag=request.headers.get("If-Match") or self._tag_in(body.validated_data),
        )
        return self._answer(card)

    def _answer(self, card: Scorecard) -> Response:
        if is_known(self.request, card.tag):
            return Response(status=304, headers={"ETag": card.tag})
        return Response(show_scorecard(card), headers={"ETag": card.tag})

    def _tag_in(self, values: dict[str, Any]) -> str | None:
        version = values.get("version")
        return f'"{version}"' if version else None


def _ids(kwargs: Mapping[str, str]) -> dict[str, UUID]:
    """The seat and the entry in the address."""
    return {name: UUID(kwargs[name]) for name in ("assignment_id", "entry_id")}


class DeductionViewSet(ReadMixin, mixins.CreateModelMixin, PodiumViewSet):
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


class CertificationViewSet(ReadMixin, PodiumViewSet):
    """Frozen results, those in force and those that were voided."""

    model = Certification
    serializer_class = CertificationSerializer
    filterset_class = CertificationFilter
    ordering_fields = ("signed_at", "number")
    search_fields = ("contest_name", "digest")

    def get_serializer_class(self) -> Any:
        """The document is left out of lists."""
        return CertificationDetailSerializer if self.action == "retrieve" else CertificationSerializer

    def rows(self) -> models.QuerySet[Certification]:
        certifications: models.QuerySet[Certification] = Certification.objects.all()
        return certifications.defer("document") if self.action == "list" else certifications
