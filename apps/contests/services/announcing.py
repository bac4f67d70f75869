"""What contests tell the rest of the world, through the outbox."""

from __future__ import annotations

from collections.abc import Iterable

from apps.contests.models import Assignment, Contest
from apps.contests.policies import public_follows
from apps.contests.selectors.missing import SeatBehind
from apps.core.outbox.services import DomainEvent, emit_many


def announce(contest: Contest, type_: str, **data: object) -> None:
    """Say that something has happened to a contest, such as `contest.locked`."""
    emit_many([_event(contest, type_, data)])


def announce_all(contests: Iterable[Contest], type_: str) -> None:
    """The same of several contests, in one statement."""
    emit_many([_event(contest, type_, {}) for contest in contests])


def announce_changed_boards(contests: Iterable[Contest]) -> None:
    """Say that the boards of these contests are no longer what they were, and whether the public sees it."""
    emit_many(
        [_event(contest, "leaderboard.changed", {"public_changed": public_follows(contest)}) for contest in contests]
    )


def announce_seated(contest: Contest, seats: Iterable[Assignment]) -> None:
    """Say that judges were given these seats, in one event."""
    ids = [str(seat.pk) for seat in seats]
    if ids:
        announce(contest, "contest.judges_seated", assignments=ids)


def announce_reminded(contest: Contest, behind: Iterable[SeatBehind]) -> None:
    """Say that the judges of these seats were asked for their marks, in one event."""
    seats = list(behind)
    judges = dict.fromkeys(str(one.seat.judge_id) for one in seats)
    missing = {str(one.seat.pk): one.missing for one in seats}
    announce(contest, "contest.judges_reminded", judges=list(judges), missing=missing)


def _event(contest: Contest, type_: str, data: dict[str, object]) -> DomainEvent:
    return DomainEvent(
        type=type_,
        subject=f"contest/{contest.pk}",
        organization_id=contest.organization_id,
        data={
            "id": str(contest.pk),
            "event": str(contest.event_id),
            "status": contest.status,
            **data,
        },
    )
