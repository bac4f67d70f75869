"""Maintained totals equal what is computed from the marks, whatever was done to those, and by whatever means."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.contests.models import Contest
from apps.contests.scoring.errors import InvalidRule
from apps.contests.selectors.board.policy import load_policy
from apps.contests.selectors.board.rows import Visibility
from apps.contests.selectors.leaderboard import computed_rows
from apps.contests.selectors.rendering import contestant_rows
from apps.contests.selectors.sheets import compute_standings, read_sheets
from apps.contests.selectors.totals import maintained_rows
from apps.core.tenancy import organization_scope
from tests.factories.contests import EventFactory
from tests.integration.contests.changes import Change, apply, changes
from tests.integration.contests.random_contests import Competition, build, competitions

pytestmark = pytest.mark.django_db

TALLY_MASTER = Visibility(all_marks=True, dropped=True)


def check(contest: Contest, changed: list[str]) -> None:
    """The totals, whole and cut, against the statement."""
    try:
        policy = load_policy(contest)
    except InvalidRule:  # a criterion is gone that a tie-breaker names: there is no board until the rule is changed
        return
    computed, as_of = computed_rows(policy, TALLY_MASTER)
    found = maintained_rows(contest, top=None)
    assert found is not None
    assert (found.rows, found.as_of) == (computed, as_of), changed
    for top in (1, 2, len(computed) + 1):
        first = maintained_rows(contest, top=top)
        assert first is not None
        assert (first.rows, first.as_of) == (computed[:top], as_of), (changed, top)


def check_core(contest: Contest) -> None:
    """The totals against the scoring core."""
    try:
        sheets = read_sheets(contest)
    except InvalidRule:
        return
    found = maintained_rows(contest, top=None)
    assert found is not None
    assert found.rows == contestant_rows(sheets, compute_standings(sheets), TALLY_MASTER)


def play(competition: Competition, plan: list[Change]) -> None:
    """Do it all, and look after every step."""
    with transaction.atomic():
        event = EventFactory()
        with organization_scope(event.organization_id):
            contest = build(competition, event=event)
            done: list[str] = []
            check(contest, done)
            for change in plan:
                apply(contest, change)
                done.append(change.kind)
                check(contest, done)
            check_core(contest)
        transaction.set_rollback(True)


QUIET = list(HealthCheck)
PLANS = st.lists(changes(), min_size=3, max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET, print_blob=True)
@given(competition=competitions(), plan=PLANS)
def test_totals_equal_the_marks_after_any_changes(competition: Competition, plan: list[Change]) -> None:
    play(competition, plan)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=40, deadline=None, suppress_health_check=QUIET, print_blob=True)
@given(competition=competitions(), plan=st.lists(changes(), min_size=5, max_size=15))
def test_totals_equal_the_marks_after_many_changes(competition: Competition, plan: list[Change]) -> None:
    play(competition, plan)
