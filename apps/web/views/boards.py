"""The public board."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import etag, require_safe

from apps.contests.selectors.leaderboard import board_tag
from apps.contests.selectors.public import PublicBoard, public_board, public_contest
from apps.core.tenancy import Scope, enter_scope
from apps.web.pages import page, show

SECONDS_BETWEEN_LOOKS = 5


@require_safe
@page
def board(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """The standings as the public sees them; `?screen` fills a projector."""
    contest = public_contest(contest_id)
    enter_scope(Scope(contest.organization_id))
    found = public_board(contest)
    context = {"board": found, "screen": "screen" in request.GET, "seconds": SECONDS_BETWEEN_LOOKS}

    @etag(lambda *_: _tag(request, found))
    def answer(request: HttpRequest) -> HttpResponse:
        return show(request, "web/board.html", context, part="web/board_table.html")

    response = answer(request)
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _tag(request: HttpRequest, found: PublicBoard) -> str:
    """Of what is shown, and in which of its forms."""
    certificate = found.certification.digest if found.certification else ""
    form = [request.headers.get("HX-Request", ""), request.META["QUERY_STRING"], str(request.user.pk)]
    shown = [found.contest.name, found.state, found.status, found.as_of, found.frozen_at, certificate, found.rows]
    return board_tag([form, shown])
