"""Who may do what and when: pure functions on loaded objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from apps.accounts.enums import Role
from apps.accounts.policies import ALLOWED
from apps.contests.enums import (
    ContestantStatus,
    ContestStatus,
    EntryState,
    PublicBoardState,
    ScoreState,
    SeatRole,
    Visibility,
)
from apps.contests.errors import TransitionNotAllowed
from apps.contests.models import Assignment, Contest, Contestant, Criterion, Entry, Judge
from apps.contests.scoring.allocation import same_club
from apps.contests.scoring.rounding import canonical
from apps.core.access import Access, Capability
from apps.core.errors import FieldError
from apps.events.enums import EventStatus
from apps.events.models import Event


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from some states to another, what it takes, and whether a reason must be given."""

    name: str
    sources: frozenset[ContestStatus]
    target: ContestStatus
    capability: Capability
    needs_reason: bool = False


TRANSITIONS: Mapping[str, Transition] = MappingProxyType(
    {
        transition.name: transition
        for transition in (
            Transition("open", frozenset({ContestStatus.DRAFT}), ContestStatus.OPEN, Capability.ORGANIZE),
            Transition("start-scoring", frozenset({ContestStatus.OPEN}), ContestStatus.SCORING, Capability.TALLY),
            Transition("lock", frozenset({ContestStatus.SCORING}), ContestStatus.LOCKED, Capability.TALLY),
            Transition(
                "reopen",
                frozenset({ContestStatus.LOCKED}),
                ContestStatus.SCORING,
                Capability.TALLY,
                needs_reason=True,
            ),
            # The last signature of the chain certifies; those before it leave the contest locked.
            Transition("sign", frozenset({ContestStatus.LOCKED}), ContestStatus.CERTIFIED, Capability.SIGN),
            Transition("publish", frozenset({ContestStatus.CERTIFIED}), ContestStatus.PUBLISHED, Capability.PUBLISH),
            Transition(
                "void",
                frozenset({ContestStatus.CERTIFIED, ContestStatus.PUBLISHED}),
                ContestStatus.LOCKED,
                Capability.VOID,
                needs_reason=True,
            ),
        )
    }
)

AFFILIATED = "Same affiliation"
"""Why a seat is recused from contestants of its judge's own."""

CHANGEABLE = frozenset({ContestStatus.DRAFT, ContestStatus.OPEN, ContestStatus.SCORING})
# Whom a contest's sign-off chain can name: the roles that may sign at all.
SIGNING_ROLES = tuple(role for role in Role if Capability.SIGN in ALLOWED[role])
CERTIFIED = frozenset({ContestStatus.CERTIFIED, ContestStatus.PUBLISHED})


def allowed_transitions(status: str) -> list[str]:
    """The names of the transitions that lead away from `status`, in the order of a contest's life."""
    return [transition.name for transition in TRANSITIONS.values() if status in transition.sources]


def require_transition(contest: Contest, name: str) -> Transition:
    """The transition `name` of this contest.

    Raises:
        TransitionNotAllowed: it does not lead away from the contest's status.
    """
    transition = TRANSITIONS[name]
    if contest.status not in transition.sources:
        allowed = allowed_transitions(contest.status)
        raise TransitionNotAllowed(
            f"A contest that is {contest.status} can't do {name!r}; it can do {', '.join(allowed)}.",
            extra={"current_status": str(contest.status), "allowed": allowed},
        )
    return transition


def is_changeable(contest: Contest) -> bool:
    """Whether structure, marks and deductions may change."""
    return contest.status in CHANGEABLE


def is_certified(contest: Contest) -> bool:
    """Whether a certification is in force."""
    return contest.status in CERTIFIED


def public_state(contest: Contest) -> PublicBoardState:
    """What the public sees of the standings: nothing, unless the contest is published, frozen or shown live."""
    if contest.status == ContestStatus.PUBLISHED:
        return PublicBoardState.PUBLISHED
    if contest.frozen_at is not None:
        return PublicBoardState.FROZEN
    is_shown = contest.live_board and contest.status not in {ContestStatus.DRAFT, ContestStatus.OPEN}
    return PublicBoardState.LIVE if is_shown else PublicBoardState.WITHHELD


def may_freeze(contest: Contest) -> bool:
    """Whether there is a public board to freeze: a draft has none yet, a published result is final."""
    return contest.frozen_at is None and contest.status not in {ContestStatus.DRAFT, ContestStatus.PUBLISHED}


def is_public(contest: Contest, event: Event) -> bool:
    """Whether anybody may know of the contest at all; `unlisted` ones by their address only."""
    is_out = contest.status != ContestStatus.DRAFT and event.status != EventStatus.DRAFT
    return is_out and contest.visibility != Visibility.PRIVATE


def public_follows(contest: Contest) -> bool:
    """Whether a change of the board is one that the public sees."""
    shown = {PublicBoardState.LIVE, PublicBoardState.PUBLISHED}
    return contest.visibility != Visibility.PRIVATE and public_state(contest) in shown


def competes(entry: Entry) -> bool:
    """Whether the entry takes marks and a place; a contestant who is out of the contest is out of each category."""
    return entry.state == EntryState.ENTERED and entry.contestant.status == ContestantStatus.ENTERED


def marks(assignment: Assignment) -> bool:
    """Whether this seat is part of the panel; a reserve is not."""
    return assignment.role != SeatRole.RESERVE


def may_mark_for(access: Access, assignment: Assignment) -> bool:
    """The tally room marks for every seat, a judge for their own."""
    if access.allows(Capability.TALLY, assignment):
        return True
    judge = assignment.judge
    own = access.user_id is not None and judge.user_id == access.user_id and judge.deleted_at is None
    return own and access.allows(Capability.MARK, assignment)


def is_judge_only(access: Access) -> bool:
    """Somebody who marks and has no right to read other people's marks."""
    return access.allows(Capability.MARK) and not access.allows(Capability.READ_MARKS)


def sees_names(access: Access, contest: Contest) -> bool:
    """In a blind contest, judges see numbers until the results are out."""
    return not contest.blind or contest.status == ContestStatus.PUBLISHED or not is_judge_only(access)


def sees_standings(access: Access, contest: Contest) -> bool:
    """Until the lock, judges see no panel scores, totals or places: others' marks could be worked out of them."""
    return not is_changeable(contest) or not is_judge_only(access)


def reads_all_marks(access: Access) -> bool:
    """Whether single marks of every judge are shown; others see their own."""
    return access.allows(Capability.READ_MARKS)


def may_remind(access: Access, contest: Contest) -> bool:
    """Judges who are behind are reminded by those who lock the contest, and by those who seated them."""
    return access.allows(Capability.TALLY, contest) or access.allows(Capability.ORGANIZE, contest)


def same_affiliation(judge: Judge, contestant: Contestant) -> bool:
    """Whether both name the same club, country or company, however it is written."""
    return same_club(judge.affiliation, contestant.affiliation)


def mark_faults(criterion: Criterion, state: str, value: Decimal | None) -> Iterator[FieldError]:
    """What is wrong with this mark by itself; pointers are relative to the mark (`value`)."""
    if state != ScoreState.SCORED:
        if value is not None:
            yield FieldError("value", "NOT_ALLOWED", f"A mark that is {state} has no value.")
        return
    if value is None:
        detail = "A scored mark has a value; 0 is a mark, nothing is none."
        yield FieldError("value", "REQUIRED", detail)
    elif not criterion.minimum <= value <= criterion.maximum:
        scale = f"from {canonical(criterion.minimum)} to {canonical(criterion.maximum)}"
        detail = f"{criterion.name} is marked {scale}."
        yield FieldError("value", "OUT_OF_SCALE", detail)
    elif (value - criterion.minimum) % criterion.step:
        steps = f"in steps of {canonical(criterion.step)} from {canonical(criterion.minimum)}"
        yield FieldError("value", "WRONG_STEP", f"{criterion.name} is marked {steps}.")
