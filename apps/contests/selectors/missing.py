"""Marks that somebody still has to give."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.contests.enums import ContestantStatus, EntryState, SeatRole
from apps.contests.models import Assignment, Category, Contest
from apps.contests.scoring.rule import MissingMarks
from apps.contests.selectors.board.policy import read_scoring_rule

DUE = f"""
FROM contests_category category
JOIN contests_entry entry ON entry.category_id = category.id AND entry.deleted_at IS NULL
JOIN contests_contestant contestant ON contestant.id = entry.contestant_id AND contestant.deleted_at IS NULL
JOIN contests_criterion criterion ON criterion.category_id = category.id AND criterion.deleted_at IS NULL
JOIN contests_assignment seat ON seat.category_id = category.id AND seat.deleted_at IS NULL
WHERE category.id = ANY(%(categories)s)
    AND entry.state = '{EntryState.ENTERED}' AND contestant.status = '{ContestantStatus.ENTERED}'
    AND seat.role <> '{SeatRole.RESERVE}'
    AND NOT EXISTS (
        SELECT FROM contests_score score WHERE score.entry_id = entry.id AND score.criterion_id = criterion.id
        AND score.assignment_id = seat.id AND score.deleted_at IS NULL)
    AND NOT EXISTS (
        SELECT FROM contests_recusal recusal WHERE recusal.assignment_id = seat.id
        AND recusal.contestant_id = contestant.id AND recusal.deleted_at IS NULL)
"""  # noqa: S608 - only names of states are put in
FIRST = f"""
SELECT category.slug, entry.id, contestant.number, criterion.name, seat.seat, count(*) OVER () {DUE}
ORDER BY category.position, category.id, contestant.number, length(seat.seat), seat.seat, criterion.position
LIMIT %(limit)s
"""
BY_SEAT = f"SELECT seat.id, count(*) {DUE} GROUP BY seat.id"


@dataclass(frozen=True, slots=True)
class MissingMark:
    """A mark that nobody has recorded; not a zero, an absence or an abstention."""

    category: str
    entry_id: UUID
    number: int
    criterion: str
    seat: str


@dataclass(frozen=True, slots=True)
class SeatBehind:
    """A seat that still has marks to give, and how many."""

    seat: Assignment
    missing: int


def blocking_marks(contest: Contest, *, limit: int = 100) -> tuple[list[MissingMark], int]:
    """The first `limit` marks that keep the contest from being locked, and how many there are in all."""
    categories = [
        category.pk
        for category in Category.objects.filter(contest=contest)
        if read_scoring_rule(category).missing is MissingMarks.BLOCK
    ]
    with connection.cursor() as cursor:
        cursor.execute(FIRST, {"categories": categories, "limit": limit})
        rows = cursor.fetchall()
    return [MissingMark(*row[:5]) for row in rows], rows[0][5] if rows else 0


def seats_behind(contest: Contest) -> list[SeatBehind]:
    """Every seat that has marks to give, whatever its category's rule says about missing ones; with its judge."""
    categories = list(Category.objects.filter(contest=contest).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(BY_SEAT, {"categories": categories})
        missing: dict[UUID, int] = dict(cursor.fetchall())
    seats = Assignment.objects.filter(pk__in=missing).select_related("judge__user", "category")
    in_order = sorted(seats, key=lambda seat: (seat.category.position, seat.category_id, len(seat.seat), seat.seat))
    return [SeatBehind(seat, missing[seat.pk]) for seat in in_order]
