"""A judge's tablet: my seats, the entries of one, the scorecard of one entry."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.contests.enums import ContestStatus
from apps.contests.models import Assignment, Criterion, Score
from apps.contests.policies import sees_names
from apps.contests.scoring.rounding import canonical
from apps.contests.selectors.scorecards import read_scorecard
from apps.contests.selectors.seats import entries_of, seat_of, seats_of
from apps.core.access import Access, Capability
from apps.core.errors import Forbidden, NotFound
from apps.web.pages import SIGN_IN, act_in, page, show


@require_safe
@login_required(login_url=SIGN_IN)
@page
def seats(request: HttpRequest) -> HttpResponse:
    """Every panel that the person sits on."""
    return show(request, "web/seats.html", {"seats": seats_of(request.user.pk)})


@require_safe
@login_required(login_url=SIGN_IN)
@page
def seat(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """The entries of a seat's category in starting order, and what is left to mark."""
    found, access = _mine(request, assignment_id)
    context = {"seat": found, "entries": entries_of(found), **_about(found, access)}
    return show(request, "web/seat.html", context)


@require_safe
@login_required(login_url=SIGN_IN)
@ensure_csrf_cookie
@page
def card(request: HttpRequest, assignment_id: UUID, entry_id: UUID) -> HttpResponse:
    """The scorecard; scorecard.js saves it through the API."""
    found, access = _mine(request, assignment_id)
    scorecard = read_scorecard(assignment_id=assignment_id, entry_id=entry_id)
    entries = entries_of(found)
    this = next((entry for entry in entries if entry.entry.pk == entry_id), None)
    if this is None:
        raise NotFound
    place = entries.index(this)
    following = [entry for entry in entries[place + 1 :] + entries[:place] if not entry.done]
    context = {
        "seat": found,
        "card": scorecard,
        "this": this,
        "lines": [_line(criterion, scorecard.scores.get(criterion.pk)) for criterion in scorecard.criteria],
        "following": following[0] if following else None,
        "save_to": reverse("v1:contests:scorecard", args=[assignment_id, entry_id]),
        **_about(found, access),
    }
    return show(request, "web/card.html", context)


def _mine(request: HttpRequest, assignment_id: UUID) -> tuple[Assignment, Access]:
    found = seat_of(assignment_id, request.user.pk)
    if found is None:
        raise NotFound
    access = act_in(request, found.organization_id)
    if not access.allows(Capability.MARK):
        raise Forbidden("Your role does not mark.")
    return found, access


def _line(criterion: Criterion, score: Score | None) -> dict[str, object]:
    value = None if score is None or score.value is None else canonical(score.value)
    scale = {name: canonical(getattr(criterion, name)) for name in ("minimum", "maximum", "step")}
    return {"criterion": criterion, "state": score.state if score else "", "value": value or "", **scale}


def _about(seat: Assignment, access: Access) -> dict[str, object]:
    contest = seat.category.contest
    return {
        "contest": contest,
        "names": sees_names(access, contest),
        "open": contest.status == ContestStatus.SCORING,
    }
