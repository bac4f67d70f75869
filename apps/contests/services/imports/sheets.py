"""What an import's files say, checked and put in order: competitions as Podium sees them. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.rule import ScoringRule
from apps.contests.services.imports.isu_rows import Official


@dataclass(frozen=True, slots=True)
class CriterionSheet:
    """A component and its factor in this segment."""

    name: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class EntrySheet:
    """A performance. `marks` are by component's name and seat; None is an absent judge, no key a missing mark."""

    number: int
    starting_order: int
    technical_points: Decimal
    deductions: Decimal
    marks: Mapping[tuple[str, str], Decimal | None]
    official: Official


@dataclass(frozen=True, slots=True)
class CategorySheet:
    """A segment, its panel and its performances."""

    name: str
    slug: str
    rule: ScoringRule
    seats: tuple[str, ...]
    criteria: tuple[CriterionSheet, ...]
    entries: tuple[EntrySheet, ...]


@dataclass(frozen=True, slots=True)
class ContestantSheet:
    """A skater, or a team with its `members`."""

    number: int
    name: str
    affiliation: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContestSheet:
    """A discipline at a level."""

    name: str
    slug: str
    rule: ContestRule
    contestants: tuple[ContestantSheet, ...]
    categories: tuple[CategorySheet, ...]

    @property
    def marks(self) -> int:
        """How many marks it holds."""
        return sum(len(entry.marks) for category in self.categories for entry in category.entries)


@dataclass(frozen=True, slots=True)
class CompetitionSheet:
    """A competition."""

    name: str
    slug: str
    contests: tuple[ContestSheet, ...]
