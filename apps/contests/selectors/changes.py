"""What made each change of a contest's board: the past board before and after everything that was done.

What one request did is one step, recognised by its correlation ID; what was done without one is a step a statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from uuid import UUID

from apps.contests.models import (
    Assignment,
    Category,
    Contest,
    Contestant,
    Criterion,
    Deduction,
    Entry,
    Recusal,
    Score,
)
from apps.contests.policies import sees_standings
from apps.contests.scoring.errors import InvalidRule
from apps.contests.selectors.analysis import Move
from apps.contests.selectors.history import contest_at
from apps.contests.selectors.sheets import compute_standings
from apps.core.access import Access
from apps.core.audit.past import Moment, moments_since, rows_since
from apps.core.errors import NotFound
from apps.core.softdelete.base import OrganizationModel

MOST_STEPS = 100
DEFAULT_STEPS = 20
# Marks that one answer is computed from, at about 0.1 ms each: every step reads those of the contest once.
MOST_MARKS = 100_000
# Records that are looked through for one answer, and those of one step that it shows.
MOST_MOMENTS = 5000
SHOWN_CAUSES = 20

# What results are computed from. Nothing else of a row is shown: a name is not what moves anybody.
RELEVANT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        model._meta.label_lower: columns
        for model, columns in (
            (Contest, ("rule",)),
            (Category, ("rule", "weight", "slug", "position")),
            (Criterion, ("name", "factor", "position")),
            (Contestant, ("number", "status")),
            (Entry, ("contestant_id", "state", "technical_points", "starting_order")),
            (Assignment, ("seat", "role")),
            (Recusal, ()),
            (Score, ("state", "value")),
            (Deduction, ("amount", "unit", "stage", "reversed_at")),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that was done. Whose marks or points they were, and for a mark its criterion and seat, if any."""

    moment: Moment
    contestant: Contestant | None = None
    criterion: Criterion | None = None
    seat: Assignment | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What was done at once, and whose place it changed. `others` counts causes beyond those that are listed."""

    at: datetime
    actor_id: UUID | None
    correlation_id: str | None
    causes: tuple[Cause, ...]
    others: int
    moved: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class BoardChanges:
    """The steps that changed a place. `next` is from where to go on; None where everything is looked through."""

    withheld: bool
    steps: tuple[Step, ...] = ()
    next: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Moved:
    """A contest at some time: its rows by their ids, and the places."""

    places: dict[UUID, int | None]
    rows: dict[UUID, OrganizationModel] = field(default_factory=dict)


def board_changes(
    contest: Contest, *, access: Access, since: datetime | None = None, limit: int = DEFAULT_STEPS
) -> BoardChanges:
    """Everything since then that changed a place, oldest first, over at most `limit` steps.

    Judges learn nothing before the lock. Large contests are looked through in fewer steps at once.
    """
    if not sees_standings(access, contest):
        return BoardChanges(withheld=True)
    since = since or contest.created_at
    moments = _moments(contest, since)
    steps = [list(group) for _, group in groupby(moments, key=lambda moment: moment.correlation_id or moment.at)]
    if len(moments) == MOST_MOMENTS and len(steps) > 1:
        steps.pop()  # the rest of it may not have been read
    before = _look(contest, since)
    looked_through = steps[: _affordable(contest, limit)]
    found = []
    for step in looked_through:
        after = _look(contest, step[-1].at)
        if moved := tuple(_moves(before, after)):
            found.append(_step(step, moved, {**before.rows, **after.rows}))
        before = after
    is_all = len(looked_through) == len(steps) and len(moments) < MOST_MOMENTS
    return BoardChanges(withheld=False, steps=tuple(found), next=None if is_all else looked_through[-1][-1].at)


def _moments(contest: Contest, since: datetime) -> list[Moment]:
    rows: dict[UUID, UUID | None] = {contest.pk: None}

    def add(model: type[OrganizationModel], key: str, parents: Iterable[UUID]) -> list[UUID]:
        found = rows_since(
            model, since=since, organization_id=contest.organization_id, key=key, parents=list(parents)
        )
        rows.update(found)
        return list(found)

    categories = add(Category, "contest_id", [contest.pk])
    add(Criterion, "category_id", categories)
    add(Contestant, "contest_id", [contest.pk])
    entries = add(Entry, "category_id", categories)
    add(Recusal, "assignment_id", add(Assignment, "category_id", categories))
    add(Score, "entry_id", entries)
    add(Deduction, "entry_id", entries)
    return moments_since(
        rows, since=since, organization_id=contest.organization_id, relevant=RELEVANT, most=MOST_MOMENTS
    )


def _affordable(contest: Contest, limit: int) -> int:
    marks = Score.objects.filter(entry__category__contest=contest).count()
    return max(1, min(limit, MOST_MARKS // max(1, marks)))


def _look(contest: Contest, at: datetime) -> _Moved:
    try:
        past = contest_at(contest, at)
    except NotFound:
        return _Moved({})
    rows = {row.pk: row for row in past.rows()}
    try:
        standings = compute_standings(past.sheets()).contest
    except InvalidRule:  # there was no board then, and so no places
        return _Moved({contestant.pk: None for contestant in past.contestants}, rows)
    return _Moved({UUID(line.key): line.place for line in standings.contestants}, rows)


def _moves(before: _Moved, after: _Moved) -> Iterator[Move]:
    for key in sorted(before.places.keys() | after.places.keys(), key=lambda key: _order(key, after)):
        old, new = before.places.get(key), after.places.get(key)
        contestant = after.rows.get(key) or before.rows.get(key)
        if old != new and isinstance(contestant, Contestant):
            yield Move(contestant, old, new)


def _order(key: UUID, after: _Moved) -> tuple[bool, int, UUID]:
    place = after.places.get(key)
    return (place is None, place or 0, key)


def _step(moments: Sequence[Moment], moved: tuple[Move, ...], rows: Mapping[UUID, OrganizationModel]) -> Step:
    return Step(
        at=moments[-1].at,
        actor_id=moments[-1].actor_id,
        correlation_id=moments[-1].correlation_id,
        causes=tuple(_cause(moment, rows) for moment in moments[:SHOWN_CAUSES]),
        others=max(0, len(moments) - SHOWN_CAUSES),
        moved=moved,
    )


def _cause(moment: Moment, rows: Mapping[UUID, OrganizationModel]) -> Cause:
    row = rows.get(moment.row_id) if moment.row_id else None
    entry = rows.get(row.entry_id) if isinstance(row, Score | Deduction) else row
    contestant = rows.get(entry.contestant_id) if isinstance(entry, Entry | Recusal) else entry
    criterion = rows.get(row.criterion_id) if isinstance(row, Score) else row
    seat = rows.get(row.assignment_id) if isinstance(row, Score | Recusal) else row
    return Cause(
        moment,
        contestant=contestant if isinstance(contestant, Contestant) else None,
        criterion=criterion if isinstance(criterion, Criterion) else None,
        seat=seat if isinstance(seat, Assignment) else None,
    )
