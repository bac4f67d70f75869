"""Scorecards: all criteria of one entry, by one seat."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.scorecards import (
    ScorecardSerializer,
    SeatCardsSerializer,
    ShownScorecardSerializer,
    card_to_fill,
    show_cards,
    show_scorecard,
)
from apps.contests.errors import NotYourSeat
from apps.contests.models import Assignment, Score
from apps.contests.policies import may_mark_for, reads_all_marks
from apps.contests.selectors.scorecards import Scorecard, read_scorecard
from apps.contests.selectors.seats import entries_of
from apps.contests.services.scorecards import CardMark, save_scorecard
from apps.core.access import Access, Capability
from apps.core.errors import PodiumError
from apps.core.rest.etags import is_known
from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.views import PodiumViewSet


class SeatCardsViewSet(PodiumViewSet):
    """What a seat has to mark."""

    serializer_class = SeatCardsSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW}
    model = Assignment
    filter_backends = ()
    pagination_class = None
    lookup_url_kwarg = "assignment_id"

    def rows(self) -> models.QuerySet[Assignment]:
        return Assignment.objects.select_related("judge", "category")

    @extend_schema(responses=SeatCardsSerializer, summary="List the scorecards of a seat")
    def cards(self, request: Request, *args: Any, **kwargs: str) -> Response:
        """The entries that the seat marks, in starting order, and how far each card is."""
        refuse_unknown_params(request, ())
        seat: Assignment = self.get_object()
        require_own_seat(self.access, seat)
        return Response(show_cards(seat, entries_of(seat), request))


def require_own_seat(access: Access, seat: Assignment) -> None:
    """Refuse (NotYourSeat) to show a judge what somebody else's seat has marked."""
    if not reads_all_marks(access) and not may_mark_for(access, seat):
        raise NotYourSeat("This is somebody else's scorecard.")


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
        return self._answer(self._card())

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

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Forms of the browsable API, which give neither a card nor data, begin with the card as it is."""
        if not args and "data" not in kwargs and not getattr(self, "swagger_fake_view", False):
            with suppress(PodiumError):
                kwargs["instance"] = card_to_fill(self._card())
        return super().get_serializer(*args, **kwargs)

    def _card(self) -> Scorecard:
        """The card in the address, for those who may read it."""
        card = read_scorecard(**_ids(self.kwargs))
        require_own_seat(self.access, card.assignment)
        return card

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
