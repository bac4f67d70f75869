"""What is readable without signing in. The organization is that of the contest, and who asks makes no difference."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.public import (
    PublicBoardSerializer,
    PublicCertificationSerializer,
    PublicContestDetailSerializer,
    PublicEventSerializer,
    show_certification,
    show_contest,
    show_event,
    show_public_board,
)
from apps.contests.api.v1.views.boards import answer_board
from apps.contests.errors import NotCertified
from apps.contests.models import Contest
from apps.contests.selectors.public import (
    public_board,
    public_contest,
    public_contests,
    public_event,
    published_certification,
)
from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.views import PodiumView
from apps.core.tenancy import Scope, enter_scope
from apps.resilience.stale import StaleWhileAway

# Shared caches may answer for this long; after that they ask again with the ETag, and mostly get a 304.
SECONDS_TO_CACHE = 5


class PublicView(StaleWhileAway, PodiumView):
    """The base: nobody signs in, so that caches can answer; a rate of its own; a board outlasts its database."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "public"

    def contest(self, contest_id: str) -> Contest:
        """The contest, in whose organization the rest of the request acts."""
        found = public_contest(UUID(contest_id))
        enter_scope(Scope(found.organization_id))
        return found

    def answer(self, request: Request, body: dict[str, Any]) -> Response:
        """With an ETag, and for how long a cache may keep it."""
        response = answer_board(request, self.keep(body))
        response["Cache-Control"] = f"public, max-age={SECONDS_TO_CACHE}"
        return response


class PublicContestView(PublicView):
    """A public or unlisted contest."""

    @extend_schema(operation_id="public_contest", responses=PublicContestDetailSerializer)
    def get(self, request: Request, contest_id: str) -> Response:
        """Read a public contest."""
        refuse_unknown_params(request, ())
        contest = self.contest(contest_id)
        return self.answer(request, {**show_contest(contest, request), "event": show_event(contest.event)})


class PublicLeaderboardView(PublicView):
    """Its standings."""

    @extend_schema(operation_id="public_leaderboard", responses=PublicBoardSerializer)
    def get(self, request: Request, contest_id: str) -> Response:
        """Read the public board: the published result, and before that what a freeze or the live setting shows."""
        refuse_unknown_params(request, ())
        return self.answer(request, show_public_board(public_board(self.contest(contest_id))))


class PublicCertificationView(PublicView):
    """What proves its result."""

    @extend_schema(operation_id="public_certification", responses=PublicCertificationSerializer)
    def get(self, request: Request, contest_id: str) -> Response:
        """Read what certifies the published result."""
        refuse_unknown_params(request, ())
        certification = published_certification(self.contest(contest_id))
        if certification is None:
            raise NotCertified("No published certification of this contest is in force.")
        return self.answer(request, show_certification(certification))


class PublicEventView(PublicView):
    """An event with public contests."""

    @extend_schema(operation_id="public_event_contests", responses=PublicEventSerializer)
    def get(self, request: Request, event_id: str) -> Response:
        """List an event's public contests."""
        refuse_unknown_params(request, ())
        event = public_event(UUID(event_id))
        enter_scope(Scope(event.organization_id))
        contests = [show_contest(contest, request) for contest in public_contests(event)]
        return self.answer(request, {"event": show_event(event), "contests": contests})
