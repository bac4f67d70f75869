"""The boards as people and programs read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from apps.contests.models import Category, Contest
from apps.contests.policies import is_changeable, reads_all_marks, sees_names, sees_standings
from apps.contests.scoring.panel import Use
from apps.contests.scoring.rounding import canonical
from apps.contests.selectors.board.policy import BoardPolicy, CategoryPolicy, load_policy
from apps.contests.selectors.board.rows import (
    ContestantRow,
    EntryRow,
    Visibility,
    ask,
    parse_contestants,
    parse_entries,
)
from apps.contests.selectors.board.statement import category_statement, contest_statement
from apps.contests.selectors.seats import own_seats
from apps.contests.selectors.totals import maintained_rows
from apps.core.access import Access


class CriterionHead(TypedDict):
    """A criterion, as the board's head describes it."""

    id: UUID
    name: str
    factor: str


class CategoryHead(TypedDict):
    """A category, as the board's head describes it."""

    id: UUID
    name: str
    slug: str
    weight: str
    rule: dict[str, object]
    criteria: list[CriterionHead]


@dataclass(frozen=True, slots=True)
class ContestBoard:
    """The winner list of a contest.

    `as_of` is the time of the latest change among the live rows that it was computed from, so that the same rows give
    the same board whenever it is read. `withheld`: this reader gets no figures yet.
    """

    contest: Contest
    policy: BoardPolicy
    as_of: datetime
    withheld: bool
    rows: list[ContestantRow]

    @property
    def categories(self) -> list[CategoryHead]:
        return [category_head(category) for category in self.policy.categories]


@dataclass(frozen=True, slots=True)
class CategoryBoard:
    """The standings of one category; the rest as in `ContestBoard`."""

    contest: Contest
    category: CategoryPolicy
    as_of: datetime
    withheld: bool
    rows: list[EntryRow]


def contest_board(
    contest: Contest, *, access: Access, with_marks: bool = False, top: int | None = None
) -> ContestBoard:
    """The winner list as `access` may see it, or its first `top` lines, in a constant number of queries.

    `with_marks` adds single marks: all of them for those who read marks, their own for judges.
    """
    visibility = visibility_of(contest, access)
    withheld = not sees_standings(access, contest)
    found = None if with_marks else maintained_rows(contest, top=top, by_number=withheld)
    if found is not None:
        policy, rows, latest = found.policy, found.rows, found.as_of
        _hide_dropped(rows, visibility)
    else:
        policy = load_policy(contest)
        rows, latest = computed_rows(policy, visibility, with_marks=with_marks)
        if withheld:
            rows.sort(key=_by_number)
        rows = rows[:top]
    if withheld:
        rows = withhold(rows)
    if not sees_names(access, contest):
        hide_names(rows)
    return ContestBoard(contest, policy, _latest(policy, latest), withheld, rows)


def computed_rows(
    policy: BoardPolicy, visibility: Visibility, *, with_marks: bool = False
) -> tuple[list[ContestantRow], datetime | None]:
    """The winner list computed from the marks in one statement, and the latest change behind it."""
    statement, parameters = contest_statement(policy, with_marks=with_marks)
    texts, latest = ask(statement, parameters, visibility)
    return parse_contestants(texts), latest


def category_board(category: Category, *, access: Access, with_marks: bool = False) -> CategoryBoard:
    """The standings of a category as `access` may see them, in a constant number of queries."""
    contest = category.contest
    policy = load_policy(contest, only=category.pk)
    rows, latest = computed_category_rows(policy, visibility_of(contest, access), with_marks=with_marks)
    withheld = not sees_standings(access, contest)
    if withheld:
        rows = [_withhold_entry(row) for row in sorted(rows, key=_by_start)]
    if not sees_names(access, contest):
        hide_names(rows)
    return CategoryBoard(contest, policy.categories[0], _latest(policy, latest), withheld, rows)


def computed_category_rows(
    policy: BoardPolicy, visibility: Visibility, *, with_marks: bool = False
) -> tuple[list[EntryRow], datetime | None]:
    """The standings of the one category of a policy, as `computed_rows`."""
    statement, parameters = category_statement(policy, with_marks=with_marks)
    texts, latest = ask(statement, parameters, visibility)
    return parse_entries(texts), latest


def category_head(policy: CategoryPolicy) -> CategoryHead:
    """What the head of a board says about a category."""
    category = policy.category
    return {
        "id": category.pk,
        "name": category.name,
        "slug": category.slug,
        "weight": canonical(category.weight),
        "rule": policy.rule.to_dict(),
        "criteria": [
            {"id": criterion.pk, "name": criterion.name, "factor": canonical(criterion.factor)}
            for criterion in policy.criteria
        ],
    }


def board_tag(body: object) -> str:
    """The entity tag of a board: a digest of what is shown, so that it changes with that and with nothing else."""
    text = json.dumps(body, default=str, separators=(",", ":"))
    return f'"{hashlib.blake2s(text.encode(), digest_size=16).hexdigest()}"'


def visibility_of(contest: Contest, access: Access) -> Visibility:
    """Which single marks of a contest `access` sees."""
    own = own_seats(access.user_id).filter(category__contest=contest).values_list("pk", "category_id", "seat")
    all_marks = reads_all_marks(access)
    return Visibility(
        all_marks=all_marks,
        own_seats={pk: (str(category_id), seat) for pk, category_id, seat in own},
        dropped=all_marks or not is_changeable(contest),
    )


def _latest(policy: BoardPolicy, found: datetime | None) -> datetime:
    times = [policy.contest.updated_at, *(category.category.updated_at for category in policy.categories)]
    return max(times if found is None else [*times, found])


def withhold(rows: list[ContestantRow]) -> list[ContestantRow]:
    """The lines without figures, by number."""
    return [_withhold_contestant(row) for row in sorted(rows, key=_by_number)]


def _by_number(row: ContestantRow) -> int:
    return row["contestant"]["number"]


def _by_start(row: EntryRow) -> tuple[bool, int, int]:
    order = row.get("starting_order")
    return (order is None, order or 0, row["contestant"]["number"])


def _hide_dropped(rows: list[ContestantRow], visibility: Visibility) -> None:
    """What was dropped, and whose it was, as far as the reader sees it; the totals hold all of it."""
    if visibility.all_marks:
        return
    own = set(visibility.own_seats.values())
    for entry in (entry for row in rows for entry in row["categories"]):
        for panel in entry["criteria"]:
            if not visibility.dropped:
                panel["dropped"] = None
            for mark in panel["dropped"] or []:
                if (entry["category"], mark["seat"]) not in own:
                    mark["seat"] = None


def hide_names(rows: Iterable[ContestantRow] | Iterable[EntryRow]) -> None:
    """Leave numbers only."""
    for row in rows:
        row["contestant"]["name"] = None
        row["contestant"]["affiliation"] = None


def _withhold_contestant(row: ContestantRow) -> ContestantRow:
    categories = [_withhold_entry(entry) for entry in row["categories"]]
    hidden: ContestantRow = {
        **row,
        "rank": None,
        "shared": False,
        "decided_by": [],
        "subtotal": None,
        "deductions": None,
        "total": None,
        "categories": categories,
    }
    return hidden


def _withhold_entry(row: EntryRow) -> EntryRow:
    hidden: EntryRow = {
        **row,
        "rank": None,
        "shared": False,
        "decided_by": [],
        "component_total": None,
        "subtotal": None,
        "total": None,
        "criteria": [
            {**panel, "panel": None, "score": None, "fault": None, "dropped": None, "judges": 0}
            for panel in row["criteria"]
        ],
    }
    for name in ("value", "weighted"):
        if name in hidden:
            hidden[name] = None
    for panel in hidden["criteria"]:
        for mark in panel.get("marks", []):  # their own: whether it was dropped depends on the others
            mark["use"] = Use.PENDING
    return hidden
