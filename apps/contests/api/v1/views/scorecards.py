"""Scorecards: all criteria of one entry, by one seat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.scorecards import (
    ScorecardSerializer,
    ShownScorecardSerializer,
    show_scorecard,
)
from apps.contests.errors import NotYourSeat
from apps.contests.models import Score
from apps.contests.policies import may_mark_for, reads_all_marks
from apps.contests.selectors.scorecards import Scorecard, read_scorecard
from apps.contests.services.scorecards import CardMark, save_scorecard
from apps.core.access import Capability
from apps.core.rest.etags import is_known
from apps.core.rest.views import PodiumViewSet


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
