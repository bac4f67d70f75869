"""The run of show: who starts when, category by category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.contests.enums import ContestantStatus
from apps.contests.models import Category, Contest, Draw, Entry
from apps.contests.policies import competes, sees_names
from apps.core.access import Access
from apps.core.rest.sheets import Cell, Sheet

COLUMNS = ("Start", "Number", "Name", "Affiliation", "Status")


@dataclass(frozen=True, slots=True)
class Start:
    """An entry in its place; `order` is None for who has none, or no longer competes. Hidden names are None."""

    entry: Entry
    order: int | None
    name: str | None
    affiliation: str | None

    @property
    def status(self) -> str:
        """Empty for who competes."""
        if competes(self.entry):
            return ""
        if self.entry.contestant.status != ContestantStatus.ENTERED:
            return self.entry.contestant.get_status_display()
        return self.entry.get_state_display()


@dataclass(frozen=True, slots=True)
class CategoryShow:
    """A category's starting order, and the draw that it came from, where one took place."""

    category: Category
    draw: Draw | None
    starts: tuple[Start, ...]


@dataclass(frozen=True, slots=True)
class RunOfShow:
    """All categories of a contest in their order."""

    contest: Contest
    categories: tuple[CategoryShow, ...]


def run_of_show(contest: Contest, *, access: Access) -> RunOfShow:
    """Who starts when, as `access` may see it, in a constant number of queries."""
    names = sees_names(access, contest)
    entries: Mapping[UUID, list[Start]] = defaultdict(list)
    for entry in Entry.objects.filter(category__contest=contest).select_related("contestant"):
        entries[entry.category_id].append(_start(entry, shows_name=names))
    draws = Draw.objects.filter(category__contest=contest).order_by("category_id", "-id").distinct("category_id")
    latest = {draw.category_id: draw for draw in draws}
    categories = Category.objects.filter(contest=contest).order_by("position", "id")
    return RunOfShow(
        contest,
        tuple(
            CategoryShow(category, latest.get(category.pk), tuple(sorted(entries[category.pk], key=_order)))
            for category in categories
        ),
    )


def show_sheet(show: RunOfShow) -> Sheet:
    """All categories in one table, for CSV."""
    rows = ((category.category.name, *row) for category in show.categories for row in _rows(category.starts))
    return Sheet(show.contest.name, ("Category", *COLUMNS), rows)


def category_sheets(show: RunOfShow) -> list[Sheet]:
    """A table a category."""
    return [Sheet(one.category.name, COLUMNS, list(_rows(one.starts))) for one in show.categories]


def _rows(starts: Iterable[Start]) -> Iterable[tuple[Cell, ...]]:
    for start in starts:
        yield start.order, start.entry.contestant.number, start.name or "", start.affiliation or "", start.status


def _start(entry: Entry, *, shows_name: bool) -> Start:
    who = entry.contestant
    return Start(
        entry,
        entry.starting_order if competes(entry) else None,
        who.name if shows_name else None,
        who.affiliation if shows_name else None,
    )


def _order(start: Start) -> tuple[bool, bool, int, int]:
    """In starting order; then those without a place yet, by number; at last those who don't compete."""
    return not competes(start.entry), start.order is None, start.order or 0, start.entry.contestant.number
