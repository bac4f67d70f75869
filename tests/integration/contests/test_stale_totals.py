"""Whatever changes a board is noticed by the database, whoever writes."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.contests.models import ContestantTotal, ContestTotals, Deduction, EntryTotal, Recusal, StaleTotal
from apps.contests.selectors.board.policy import load_policy
from apps.contests.selectors.board.rows import Visibility
from apps.contests.selectors.leaderboard import computed_rows, contest_board
from apps.contests.selectors.totals import is_current, refresh_totals
from tests.integration.contests.arena import access_of, arena
from tests.integration.contests.kept import queue, ready, totals

pytestmark = pytest.mark.django_db

TALLY_MASTER = Visibility(all_marks=True, dropped=True)
# One statement a table, each of which changes what a board shows.
RAW = (
    "UPDATE contests_score SET value = value - 1 WHERE entry_id = %(entry)s",
    "UPDATE contests_deduction SET reversed_at = now()",
    "UPDATE contests_entry SET state = 'no_show' WHERE id = %(entry)s",
    "UPDATE contests_contestant SET status = 'withdrawn' WHERE id = %(other)s",
    "UPDATE contests_recusal SET contestant_id = %(other)s",
    "UPDATE contests_assignment SET role = 'reserve' WHERE seat = 'J3'",
    "UPDATE contests_criterion SET factor = 2 WHERE position = 0",
    "UPDATE contests_category SET weight = 2",
    "UPDATE contests_contest SET rule = jsonb_build_object('places', 4)",
)


def test_a_mark_queues_its_entry_and_a_bulk_of_marks_each_entry_once() -> None:
    found = arena()
    with found.scope():
        refresh_totals(found.contest)
    found.mark_all()

    assert sorted(queue(found), key=str) == sorted(((None, entry.pk) for entry in found.entries), key=str)


def test_a_name_or_a_status_makes_no_total_stale() -> None:
    found = ready()
    with found.scope():
        found.seats[0].judge.save()
        found.criteria[0].name = "Transitions"
        found.criteria[0].save()
    found.stand("locked")

    assert queue(found) == []


def test_a_cascade_and_its_restore_are_seen() -> None:
    found = ready()
    judge = found.seats[0].judge
    api = f"/api/v1/judges/{judge.pk}/"

    assert found.client().delete(api).status_code == 204
    with found.scope():
        policy = load_policy(found.contest)
        assert not is_current(policy)
    assert totals(found) == []
    assert found.client().post(f"{api}restore/", {}).status_code == 200
    assert not is_current(policy)
    assert totals(found) == []


@pytest.mark.parametrize("statement", RAW)
def test_each_table_that_a_board_is_made_of_is_watched(statement: str) -> None:
    found = ready()
    first, second, _ = found.entries
    own = {"organization_id": found.organization.pk}
    with found.scope():
        Deduction.objects.create(entry=first, amount=1, reason="Fall", **own)
        Recusal.objects.create(assignment=found.seats[2], contestant=first.contestant, reason="Family", **own)
        before = contest_board(found.contest, access=access_of(found)).rows
        with connection.cursor() as cursor:
            cursor.execute(statement, {"entry": first.pk, "other": second.contestant_id})
        contest = found.now()
        after = contest_board(contest, access=access_of(found)).rows
        computed, _ = computed_rows(load_policy(contest), TALLY_MASTER)

    assert after == computed
    assert after != before


def test_a_purged_contest_leaves_nothing() -> None:
    found = ready()
    with found.scope():
        found.contest.delete()
    with connection.cursor() as cursor:
        for table in ("score", "entry", "contestant", "assignment", "criterion", "category"):
            cursor.execute(f"DELETE FROM contests_{table}")
        cursor.execute("DELETE FROM contests_contest")

    models = (StaleTotal, ContestTotals, ContestantTotal, EntryTotal)
    assert [model._default_manager.count() for model in models] == [0, 0, 0, 0]
