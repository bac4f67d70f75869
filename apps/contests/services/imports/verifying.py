"""Podium's results beside the official ones, performance by performance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.contests.models import Category
from apps.contests.selectors.board.rows import EntryRow
from apps.contests.selectors.leaderboard import category_board
from apps.contests.services.imports.sheets import CompetitionSheet, EntrySheet
from apps.core.access import Capability


@dataclass(frozen=True, slots=True)
class ReadsResults:
    """Whoever runs the verification has the files, and with them every mark."""

    organization_id: UUID
    user_id: UUID | None = None

    def allows(self, capability: Capability, obj: object | None = None) -> bool:
        """Reading, and nothing else."""
        del obj
        return capability in {Capability.VIEW, Capability.READ_MARKS}


@dataclass(slots=True)
class Verification:
    """How many performances there are, and of how many each figure is exactly the official one."""

    performances: int = 0
    component_totals_exact: int = 0
    segment_totals_exact: int = 0
    ranks_exact: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Whether every figure is."""
        return not self.differences

    def as_data(self) -> dict[str, int]:
        """The four figures."""
        return {
            "performances": self.performances,
            "component_totals_exact": self.component_totals_exact,
            "segment_totals_exact": self.segment_totals_exact,
            "ranks_exact": self.ranks_exact,
        }


def verify_competitions(*, organization_id: UUID, competitions: Sequence[CompetitionSheet]) -> Verification:
    """Compare the boards of imported contests, as the database computes them, with the official figures."""
    access = ReadsResults(organization_id)
    result = Verification()
    for where, category, entries in _categories(competitions):
        board = {row["contestant"]["number"]: row for row in category_board(category, access=access).rows}
        for entry in entries:
            result.performances += 1
            _compare(f"{where}, number {entry.number}", board.get(entry.number), entry, result)
    return result


def _categories(competitions: Sequence[CompetitionSheet]) -> Iterator[tuple[str, Category, Sequence[EntrySheet]]]:
    slugs = [competition.slug for competition in competitions]
    found = Category.objects.filter(contest__event__slug__in=slugs).select_related("contest__event")
    categories = {(one.contest.event.slug, one.contest.slug, one.slug): one for one in found}
    for competition in competitions:
        for contest in competition.contests:
            for sheet in contest.categories:
                category = categories[competition.slug, contest.slug, sheet.slug]
                yield f"{competition.name}, {contest.name}, {sheet.name}", category, sheet.entries


def _compare(where: str, row: EntryRow | None, entry: EntrySheet, result: Verification) -> None:
    if row is None:
        result.differences.append(f"{where}: not on the board")
        return
    official = entry.official
    components = _is(row["component_total"], official.component_total)
    total = _is(row["total"], official.segment_total)
    rank = row["rank"] == official.rank
    result.component_totals_exact += components
    result.segment_totals_exact += total
    result.ranks_exact += rank
    if not (components and total and rank):
        ours = f"{row['component_total']} / {row['total']} / {row['rank']}"
        theirs = f"{official.component_total} / {official.segment_total} / {official.rank}"
        result.differences.append(f"{where}: {ours}, officially {theirs}")


def _is(ours: str | None, official: Decimal) -> bool:
    return ours is not None and Decimal(ours) == official
