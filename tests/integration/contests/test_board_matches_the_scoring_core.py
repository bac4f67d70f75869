"""The leaderboard's SQL against the scoring core, on random contests with every feature of the rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from apps.contests.selectors.board.policy import load_policy
from apps.contests.selectors.board.rows import ContestantRow, Visibility
from apps.contests.selectors.leaderboard import computed_category_rows, computed_rows
from apps.contests.selectors.rendering import contestant_rows
from apps.contests.selectors.sheets import ContestSheets, compute_standings, read_sheets
from apps.core.tenancy import organization_scope
from tests.factories.contests import EventFactory
from tests.integration.contests.random_contests import Competition, Mark, Seat, Segment, Start, build, competitions

pytestmark = pytest.mark.django_db

TALLY_MASTER = Visibility(all_marks=True, dropped=True)
QUIET = list(HealthCheck)


def compare(competition: Competition) -> None:
    """The winner list with all of its figures, and the standings of one category by their own statement."""
    with transaction.atomic():
        event = EventFactory()
        with organization_scope(event.organization_id):
            contest = build(competition, event=event)
            sheets = read_sheets(contest)
            rows, _ = computed_rows(sheets.policy, TALLY_MASTER)
            assert rows == contestant_rows(sheets, compute_standings(sheets), TALLY_MASTER)
            if sheets.policy.categories:
                compare_category(sheets, rows, len(rows) % len(sheets.policy.categories))
        transaction.set_rollback(True)


def compare_category(sheets: ContestSheets, rows: list[ContestantRow], place: int) -> None:
    """Each figure as in the winner list, in the order of the scoring core."""
    category_id = sheets.policy.categories[place].category.pk
    board, _ = computed_category_rows(load_policy(sheets.policy.contest, only=category_id), TALLY_MASTER)
    entries: dict[str, dict[str, Any]] = {
        row["contestant"]["id"]: {**entry, "contestant": row["contestant"]}
        for row in rows
        for entry in row["categories"]
        if entry["category"] == str(category_id)
    }
    orders = {str(entry.pk): entry.starting_order for entry in sheets.entries}
    expected = []
    for result in compute_standings(sheets).categories[category_id].entries:
        entry = entries[result.key]
        del entry["value"], entry["weighted"]
        expected.append({**entry, "starting_order": orders[entry["entry"]]})
    assert board == expected


@pytest.mark.parametrize("unit", ["criterion", "judge_total"])
def test_the_largest_marks_and_factors_are_normalised_exactly(unit: str) -> None:
    largest = Decimal("99999999.9999")
    rule = {"normalisation": "z_score", "unit": unit, "aggregation": "sum"}
    segment = Segment(
        rule=rule,
        weight=largest,
        factors=(largest, largest),
        seats=(Seat("judge"), Seat("judge")),
        starts=tuple(Start(contestant, "entered", None, None, ()) for contestant in range(3)),
        marks=tuple(
            Mark(entry, criterion, seat, "scored", largest * (1 - entry))
            for entry in range(3)
            for criterion in range(2)
            for seat in range(2)
        ),
        recusals=frozenset(),
    )

    compare(Competition({}, ("entered",) * 3, (segment,)))


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET, print_blob=True)
@given(competition=competitions())
def test_sql_and_scoring_core_agree_on_every_figure(competition: Competition) -> None:
    compare(competition)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=400, deadline=None, suppress_health_check=QUIET, print_blob=True)
@given(competition=competitions())
def test_sql_and_scoring_core_agree_on_many_contests(competition: Competition) -> None:
    compare(competition)
