"""A contest and its board as they stood at some time, rebuilt from the history that the database keeps.

The rows of then (`core.audit.past`) go through the scoring core: the SQL of the present board reads present tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from apps.contests.enums import SeatRole
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
from apps.contests.policies import sees_names, sees_standings
from apps.contests.selectors.board.policy import policy_of
from apps.contests.selectors.leaderboard import ContestBoard, hide_names, visibility_of, withhold
from apps.contests.selectors.rendering import contestant_rows
from apps.contests.selectors.sheets import (
    ContestRows,
    ContestSheets,
    compute_standings,
    seat_order,
    sheets_of,
    starting_order,
)
from apps.core.access import Access
from apps.core.audit.past import changed_last, rows_at
from apps.core.errors import NotFound
from apps.core.softdelete.base import OrganizationModel

Row = TypeVar("Row", bound=OrganizationModel)


@dataclass(frozen=True, slots=True)
class PastContest:
    """The live rows of a contest at a time, seats of reserves and reversed deductions among them."""

    contest: Contest
    categories: list[Category]
    criteria: list[Criterion]
    contestants: list[Contestant]
    entries: list[Entry]
    seats: list[Assignment]
    recusals: list[Recusal]
    scores: list[Score]
    deductions: list[Deduction]

    def sheets(self) -> ContestSheets:
        """As the scoring core takes them.

        Raises:
            InvalidRule: a rule could not be applied to the structure as it was.
        """
        panel = {seat.pk for seat in self.seats if seat.role != SeatRole.RESERVE}
        return sheets_of(
            ContestRows(
                policy=policy_of(self.contest, self.categories, self.criteria),
                contestants=tuple(sorted(self.contestants, key=lambda row: (row.number, row.pk))),
                entries=tuple(sorted(self.entries, key=starting_order)),
                seats=tuple(sorted((seat for seat in self.seats if seat.pk in panel), key=seat_order)),
                scores=tuple(score for score in self.scores if score.assignment_id in panel),
                recusals=tuple(recusal for recusal in self.recusals if recusal.assignment_id in panel),
                deductions=tuple(row for row in self.deductions if row.reversed_at is None),
            )
        )

    def rows(self) -> list[OrganizationModel]:
        """Every row."""
        parts: list[Sequence[OrganizationModel]] = [
            *([self.contest], self.categories, self.criteria, self.contestants, self.entries),
            *(self.seats, self.recusals, self.scores, self.deductions),
        ]
        return [row for part in parts for row in part]


def contest_at(contest: Contest, at: datetime) -> PastContest:
    """Everything of a contest as it stood at a time, in a constant number of queries.

    Raises:
        NotFound: there was no such contest then.
    """

    def rows(model: type[Row], key: str, parents: Sequence[OrganizationModel]) -> list[Row]:
        ids = [parent.pk for parent in parents]
        found = rows_at(model, at=at, organization_id=contest.organization_id, key=key, parents=ids)
        return sorted(found, key=lambda row: row.pk)

    then = rows(Contest, "id", [contest])
    if not then:
        raise NotFound("There was no such contest at that time.")
    categories = sorted(rows(Category, "contest_id", [contest]), key=lambda row: (row.position, row.pk))
    contestants = rows(Contestant, "contest_id", [contest])
    by_id = {contestant.pk: contestant for contestant in contestants}
    entries = [entry for entry in rows(Entry, "category_id", categories) if entry.contestant_id in by_id]
    for entry in entries:
        entry.contestant = by_id[entry.contestant_id]
    seats = rows(Assignment, "category_id", categories)
    return PastContest(
        contest=then[0],
        categories=categories,
        criteria=sorted(rows(Criterion, "category_id", categories), key=lambda row: (row.position, row.pk)),
        contestants=contestants,
        entries=entries,
        seats=seats,
        recusals=rows(Recusal, "assignment_id", seats),
        scores=rows(Score, "entry_id", entries),
        deductions=rows(Deduction, "entry_id", entries),
    )


def board_at(contest: Contest, at: datetime, *, access: Access, top: int | None = None) -> ContestBoard:
    """The winner list as it stood at a time, or its first `top` lines, as `access` may see it.

    Judges see it where they may see both: the contest's board of now, and one of the status that it had then.
    `as_of` is the last change up to that time.

    Raises:
        NotFound: there was no such contest then.
        InvalidRule: its rules could not be applied to its structure.
    """
    past = contest_at(contest, at)
    sheets = past.sheets()
    rows = contestant_rows(sheets, compute_standings(sheets), visibility_of(contest, access))
    withheld = not (sees_standings(access, contest) and sees_standings(access, past.contest))
    if withheld:
        rows = withhold(rows)
    if not sees_names(access, contest):
        hide_names(rows)
    as_of = changed_last([row.pk for row in past.rows()], at=at) or past.contest.created_at
    return ContestBoard(past.contest, sheets.policy, as_of, withheld, rows[:top])
