"""The tally room: who has marked what, what is in the way, and the signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.contests.enums import ContestStatus
from apps.contests.models import Contest
from apps.contests.policies import allowed_transitions
from apps.contests.selectors.analysis import read_judge_statistics
from apps.contests.selectors.missing import blocking_marks
from apps.contests.selectors.progress import read_progress
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest
from apps.contests.services.reminding import remind_judges
from apps.contests.services.transitions import lock_contest, reopen_contest, start_scoring
from apps.core.access import Access, Capability
from apps.core.errors import Forbidden, NotFound, PodiumError
from apps.core.tenancy import platform_scope
from apps.web.pages import SIGN_IN, act_in, page, show

SHOWN = 20


@require_safe
@login_required(login_url=SIGN_IN)
@page
def room(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """The whole room; `?statistics` adds the judges' figures, which take a computation of the contest."""
    contest, access = _enter(request, contest_id)
    missing, count = blocking_marks(contest, limit=SHOWN)
    sign_off = read_sign_off(contest)
    ways = set(allowed_transitions(contest.status)) if access.allows(Capability.TALLY, contest) else set()
    context = {
        "contest": contest,
        "progress": read_progress(contest),
        "missing": missing,
        "missing_count": count,
        "sign_off": sign_off,
        "may_sign": sign_off.may_sign(access),
        "ways": ways & {"start-scoring", "lock", "reopen"},
        "statistics": read_judge_statistics(contest) if "statistics" in request.GET else None,
        "has_begun": contest.status not in {ContestStatus.DRAFT, ContestStatus.OPEN},
    }
    return show(request, "web/tally.html", context)


@require_POST
@login_required(login_url=SIGN_IN)
@page
def take(request: HttpRequest, contest_id: UUID, step: str) -> HttpResponse:
    """Take a step and go back to the room, which says what became of it."""
    _, access = _enter(request, contest_id)
    try:
        done = STEPS[step](contest_id, access, request.POST)
    except PodiumError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("web:tally", args=[contest_id]))


def _enter(request: HttpRequest, contest_id: UUID) -> tuple[Contest, Access]:
    with platform_scope("the address names the contest, and so the organization"):
        contest = Contest.objects.filter(pk=contest_id).select_related("event").first()
    if contest is None:
        raise NotFound
    access = act_in(request, contest.organization_id)
    if not access.allows(Capability.VIEW, contest):
        raise NotFound
    if not access.allows(Capability.READ_MARKS, contest):
        raise Forbidden("The tally room is for those who may read every mark.")
    return contest, access


def _start(contest_id: UUID, access: Access, _form: Mapping[str, str]) -> str:
    start_scoring(contest_id=contest_id, access=access)
    return "Scoring has begun."


def _lock(contest_id: UUID, access: Access, _form: Mapping[str, str]) -> str:
    lock_contest(contest_id=contest_id, access=access)
    return "Locked: marks are read-only now, and the result can be signed."


def _remind(contest_id: UUID, access: Access, _form: Mapping[str, str]) -> str:
    reminders = remind_judges(contest_id=contest_id, access=access)
    return f"{reminders.contest.name} {reminders.summary}"


def _reopen(contest_id: UUID, access: Access, form: Mapping[str, str]) -> str:
    reopen_contest(contest_id=contest_id, access=access, reason=form.get("reason", ""))
    return "Open again. The signatures given so far are void."


def _sign(contest_id: UUID, access: Access, form: Mapping[str, str]) -> str:
    sign_off = sign_contest(contest_id=contest_id, access=access, digest=form.get("digest", ""))
    step = sign_off.next_step
    return f"Signed. Next: {step.role.replace('_', ' ')}." if step else "Signed. The result is certified."


STEPS: Mapping[str, Callable[[UUID, Access, Mapping[str, str]], str]] = {
    "start-scoring": _start,
    "lock": _lock,
    "remind": _remind,
    "reopen": _reopen,
    "sign": _sign,
}
