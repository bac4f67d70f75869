"""Who has marked what: for the tally room, in four queries whatever the size of the contest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from apps.contests.models import Assignment, Category, Contest, Entry, Recusal, Score
from apps.contests.policies import competes, marks


@dataclass(frozen=True, slots=True)
class Cell:
    """What one seat has given to one entry."""

    given: int
    expected: int
    recused: bool

    @property
    def state(self) -> str:
        """`recused`, `whole`, `begun` or `nothing`."""
        if self.recused:
            return "recused"
        if self.given >= self.expected:
            return "whole"
        return "begun" if self.given else "nothing"


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """An entry with a cell for each seat of the panel, in the panel's order."""

    entry: Entry
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CategoryProgress:
    """How far the panel of a category is."""

    category: Category
    seats: tuple[Assignment, ...]
    rows: tuple[ProgressRow, ...]

    @property
    def given(self) -> int:
        """Marks that there are, of those that are due."""
        return sum(cell.given for row in self.rows for cell in row.cells if not cell.recused)

    @property
    def expected(self) -> int:
        """Marks that are due."""
        return sum(cell.expected for row in self.rows for cell in row.cells if not cell.recused)


def read_progress(contest: Contest) -> list[CategoryProgress]:
    """The panels of a contest, category by category."""
    categories = list(
        Category.objects.filter(contest=contest).prefetch_related("criteria").order_by("position", "id")
    )
    ids = [category.pk for category in categories]
    seats: Mapping[UUID, list[Assignment]] = defaultdict(list)
    for seat in Assignment.objects.filter(category__in=ids).select_related("judge"):
        if marks(seat):
            seats[seat.category_id].append(seat)
    entries: Mapping[UUID, list[Entry]] = defaultdict(list)
    for entry in Entry.objects.filter(category__in=ids).select_related("contestant"):
        if competes(entry):
            entries[entry.category_id].append(entry)
    recused = set(Recusal.objects.filter(assignment__category__in=ids).values_list("assignment_id", "contestant_id"))
    given = _given(ids)
    return [
        CategoryProgress(
            category,
            panel := tuple(sorted(seats[category.pk], key=lambda seat: (len(seat.seat), seat.seat))),
            tuple(
                ProgressRow(entry, _cells(entry, panel, len(category.criteria.all()), given, recused))
                for entry in sorted(entries[category.pk], key=lambda e: (e.starting_order or 0, e.contestant.number))
            ),
        )
        for category in categories
    ]


def _given(categories: Sequence[UUID]) -> Mapping[tuple[UUID, UUID], int]:
    found = (
        Score.objects.filter(entry__category__in=categories)
        .order_by()
        .values_list("entry_id", "assignment_id")
        .annotate(marks=Count("id"))
    )
    return {(entry, seat): count for entry, seat, count in found}


def _cells(
    entry: Entry,
    panel: Sequence[Assignment],
    expected: int,
    given: Mapping[tuple[UUID, UUID], int],
    recused: set[tuple[UUID, UUID]],
) -> tuple[Cell, ...]:
    return tuple(
        Cell(given.get((entry.pk, seat.pk), 0), expected, (seat.pk, entry.contestant_id) in recused) for seat in panel
    )
