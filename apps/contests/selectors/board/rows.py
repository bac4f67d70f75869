"""The shape of what the statements answer, and how they are asked. Numbers are decimal strings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from django.db import connection, transaction


class DroppedMark(TypedDict):
    """A value that trimming left out, and at which end. `seat` is None for those who don't see single marks."""

    value: str
    end: str
    seat: str | None


class VisibleMark(TypedDict):
    """One seat's value; `adjusted` is what normalisation made of it, `use` a `scoring.panel.Use`."""

    seat: str
    state: str
    value: str | None
    adjusted: str | None
    use: str


class CriterionRow(TypedDict):
    """A panel. `criterion` is None where judges' totals are aggregated; `fault` says why there is no score."""

    criterion: str | None
    panel: str | None
    score: str | None
    judges: int
    fault: str | None
    dropped: list[DroppedMark] | None
    marks: NotRequired[list[VisibleMark]]


class ContestantMember(TypedDict):
    """Who it is; the name is None in a blind contest for its judges."""

    id: str
    number: int
    name: str | None
    affiliation: str | None
    status: str


class EntryRow(TypedDict):
    """An entry's line in its category; in a contest's board with what it adds there."""

    category: str
    entry: str
    status: str
    rank: int | None
    shared: bool
    decided_by: list[str]
    component_total: str | None
    technical_points: str | None
    subtotal: str | None
    deductions: str | None
    total: str | None
    criteria: list[CriterionRow]
    value: NotRequired[str | None]
    weighted: NotRequired[str | None]
    starting_order: NotRequired[int | None]
    contestant: NotRequired[ContestantMember]


class ContestantRow(TypedDict):
    """A contestant's line in the winner list."""

    rank: int | None
    shared: bool
    decided_by: list[str]
    contestant: ContestantMember
    subtotal: str | None
    deductions: str | None
    total: str | None
    categories: list[EntryRow]


@dataclass(frozen=True, slots=True)
class Visibility:
    """Which single marks the reader sees: all, those of their own seats, those that were dropped (without seats).

    `own_seats` are ids, each with the seat's category and its name there.
    """

    all_marks: bool = False
    own_seats: Mapping[UUID, tuple[str, str]] = field(default_factory=dict)
    dropped: bool = False

    def parameters(self) -> dict[str, Any]:
        """For the statements."""
        return {"all_marks": self.all_marks, "own_seats": list(self.own_seats), "dropped": self.dropped}


# Of tables that were filled a moment ago, or of ids that they have no statistics of, the planner expects one row; it
# would then join relations of thousands of rows in nested loops, a thousand times slower. Hash and merge joins cost
# about the same for few rows as for the number that was expected, and the sort of a large contest fits into memory.
TUNE = "SET LOCAL enable_nestloop = off; SET LOCAL jit = off; SET LOCAL work_mem = '32MB'"
UNTUNE = "SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL jit TO DEFAULT; SET LOCAL work_mem TO DEFAULT"


def ask(sql: str, parameters: Mapping[str, Any], visibility: Visibility) -> tuple[list[str], datetime | None]:
    """The rows as JSON texts in their order, and the time of the latest change that they were computed from."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TUNE)
        cursor.execute(sql, {**parameters, **visibility.parameters()})
        found = cursor.fetchall()
        cursor.execute(UNTUNE)
    return [text for text, _ in found], found[0][1] if found else None


def parse_contestants(texts: list[str]) -> list[ContestantRow]:
    """The lines of a winner list."""
    rows: list[ContestantRow] = json.loads(f"[{','.join(texts)}]")
    return rows


def parse_entries(texts: list[str]) -> list[EntryRow]:
    """The lines of a category's standings."""
    rows: list[EntryRow] = json.loads(f"[{','.join(texts)}]")
    return rows
