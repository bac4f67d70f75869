"""The leaderboard's SQL against the scoring core, on random contests with every feature of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from apps.contests.models import Category, Contest
from apps.contests.scoring.category import EntryResult, UnitScore
from apps.contests.scoring.panel import Use
from apps.contests.selectors.board.rows import CriterionRow, EntryRow, Visibility
from apps.contests.selectors.leaderboard import category_board, contest_board
from apps.contests.selectors.rendering import contestant_rows
from apps.contests.selectors.sheets import ContestSheets, compute_standings, read_sheets
from apps.core.access import Capability
from apps.core.tenancy import organization_scope
from tests.factories.contests import EventFactory
from tests.integration.contests.random_contests import Competition, build, competitions

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Everything:
    """An access that may do everything."""

    user_id: UUID | None = None
    organization_id: UUID | None = None

    def allows(self, capability: Capability, obj: object | None = None) -> bool:
        return True


Shown = tuple[object, ...]


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def panel_of_core(unit: UnitScore, keys: dict[str, str]) -> Shown:
    ends = {Use.DROPPED_LOW: "low", Use.DROPPED_HIGH: "high"}
    dropped = [(ends[value.use], value.value.adjusted) for value in unit.panel.values if value.use in ends]
    return (
        keys[unit.unit] if unit.unit else None,
        unit.panel.score,
        unit.score,
        unit.panel.fault and unit.panel.fault.value,
        sorted(dropped, key=repr),
    )


def panel_of_sql(row: CriterionRow) -> Shown:
    dropped = [(mark["end"], number(mark["value"])) for mark in row["dropped"] or []]
    return (
        row["criterion"],
        number(row["panel"]),
        number(row["score"]),
        row["fault"],
        sorted(dropped, key=repr),
    )


def line_of_core(entry: EntryResult, keys: dict[str, str]) -> Shown:
    return (
        entry.key,
        entry.status.value,
        entry.place,
        entry.shared,
        list(entry.decided_by),
        entry.component_total,
        entry.technical_points,
        entry.subtotal,
        entry.deductions,
        entry.total,
        [panel_of_core(unit, keys) for unit in entry.units],
    )


def line_of_sql(row: EntryRow) -> Shown:
    return (
        row["contestant"]["id"],
        row["status"],
        row["rank"],
        row["shared"],
        row["decided_by"],
        number(row["component_total"]),
        number(row["technical_points"]),
        number(row["subtotal"]),
        number(row["deductions"]),
        number(row["total"]),
        [panel_of_sql(panel) for panel in row["criteria"]],
    )


def check_categories(sheets: ContestSheets) -> None:
    standings = compute_standings(sheets)
    for policy in sheets.policy.categories:
        category = Category.objects.select_related("contest").get(pk=policy.category.pk)
        board = category_board(category, access=Everything())
        keys = {criterion.name: str(criterion.pk) for criterion in policy.criteria}
        core = standings.categories[policy.category.pk]
        assert [line_of_sql(row) for row in board.rows] == [line_of_core(entry, keys) for entry in core.entries]


def check_contest(contest: Contest, sheets: ContestSheets) -> None:
    standings = compute_standings(sheets)
    core = standings.contest
    board = contest_board(contest, access=Everything())
    assert contestant_rows(sheets, standings, Visibility(all_marks=True, dropped=True)) == board.rows
    slugs = {str(policy.category.pk): policy.category.slug for policy in sheets.policy.categories}
    assert [
        (
            row["contestant"]["id"],
            row["rank"],
            row["shared"],
            row["decided_by"],
            number(row["subtotal"]),
            number(row["deductions"]),
            number(row["total"]),
            [
                (slugs[part["category"]], number(part["value"]), number(part["weighted"]))
                for part in row["categories"]
                if part["value"] is not None
            ],
        )
        for row in board.rows
    ] == [
        (
            line.key,
            line.place,
            line.shared,
            list(line.decided_by),
            line.subtotal,
            line.deductions,
            line.total,
            [(part.category, part.value, part.weighted) for part in line.parts],
        )
        for line in core.contestants
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(competition=competitions())
def test_sql_and_scoring_core_agree_on_every_figure(competition: Competition) -> None:
    with transaction.atomic():
        event = EventFactory()
        with organization_scope(event.organization_id):
            contest = build(competition, event=event)
            sheets = read_sheets(contest)
            check_categories(sheets)
            check_contest(contest, sheets)
        transaction.set_rollback(True)
