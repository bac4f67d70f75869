"""How totals are kept: who refreshes them, what is computed anew, and what happens where they can't be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from threading import Barrier, Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.accounts.enums import Role
from apps.contests.models import ContestantTotal, Score
from apps.contests.selectors.board.policy import load_policy
from apps.contests.selectors.board.rows import Visibility
from apps.contests.selectors.leaderboard import computed_rows, contest_board
from apps.contests.selectors.totals import maintained_rows, refresh_totals
from apps.contests.services.scores import change_mark
from apps.contests.services.totals import refresh_stale_totals
from tests.integration.contests.arena import access_of, arena
from tests.integration.contests.kept import queue, ready, totals
from tests.integration.contests.test_concurrency import DEADLINE, elsewhere

TALLY_MASTER = Visibility(all_marks=True, dropped=True)


@contextmanager
def written(table: str) -> Iterator[list[int]]:
    """How many rows of a table are written meanwhile."""
    counter = "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE relname = %s"
    with connection.cursor() as cursor:
        cursor.execute(counter, [table])
        before = cursor.fetchone()[0]
        counts: list[int] = []
        yield counts
        cursor.execute(counter, [table])
        counts.append(cursor.fetchone()[0] - before)


@pytest.mark.django_db
class TestRefreshing:
    def test_one_mark_is_followed_by_one_contestants_totals(self) -> None:
        found = ready()
        with found.scope():
            Score.objects.filter(entry=found.entries[1], assignment=found.seats[0]).update(value=9)
            with written("contests_entrytotal") as entries, written("contests_contestanttotal") as contestants:
                refresh_totals(found.contest)

        assert (entries, contestants, queue(found)) == ([1], [1], [])
        assert totals(found) == []

    def test_other_rules_are_followed_by_everybodys(self) -> None:
        found = ready()
        with found.scope():
            found.category.rule = {"panel_places": 0, "aggregation": "sum"}
            found.category.save()
            assert queue(found) == []
            with written("contests_entrytotal") as entries:
                board = contest_board(found.contest, access=access_of(found))

        assert entries == [3]
        assert [row["total"] for row in board.rows] == ["30.00", "24.00", "18.00"]

    def test_nothing_is_written_for_a_reader_who_finds_all_up_to_date(self) -> None:
        found = ready()
        with found.scope(), written("contests_contestanttotal") as contestants:
            contest_board(found.contest, access=access_of(found))
            assert refresh_totals(found.contest) == 0

        assert contestants == [0]

    def test_a_database_that_takes_no_writes_has_a_board_all_the_same(self) -> None:
        found = ready()
        access = access_of(found)
        with found.scope():
            Score.objects.filter(entry=found.entries[2]).update(value=10)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
                assert maintained_rows(found.contest, top=None) is None
                board = contest_board(found.contest, access=access, top=1)

        assert [(row["contestant"]["number"], row["total"]) for row in board.rows] == [(3, "20.00")]
        assert len(queue(found)) == 1

    def test_beat_refreshes_what_nobody_reads(self) -> None:
        found = ready()
        broken = ready()
        with found.scope():
            Score.objects.filter(entry=found.entries[0]).update(value=1)
        with broken.scope():
            broken.category.rule = {"tie_breakers": [{"kind": "criterion", "of": "Nobody"}]}
            broken.category.save()
            Score.objects.filter(entry=broken.entries[0]).update(value=1)

        assert refresh_stale_totals() == {"refreshed": 1, "failed": 1}
        assert refresh_stale_totals() == {"refreshed": 0, "failed": 1}


@pytest.mark.django_db
class TestCutBoards:
    def test_the_first_are_those_of_the_whole_board(self) -> None:
        found = ready()
        client = found.client()
        whole = client.get(found.url("leaderboard/")).json()

        first = client.get(found.url("leaderboard/?top=2")).json()
        with_marks = client.get(found.url("leaderboard/?top=2&expand=marks")).json()

        assert first == {**whole, "rows": whole["rows"][:2]}
        assert [row["rank"] for row in with_marks["rows"]] == [1, 2]
        assert len(with_marks["rows"][0]["categories"][0]["criteria"][0]["marks"]) == 3

    def test_judges_do_not_learn_before_the_lock_who_is_ahead(self) -> None:
        found = ready()
        with found.scope():
            Score.objects.filter(entry=found.entries[2]).update(value=10)
        judge = found.client(Role.JUDGE)

        def numbers(query: str) -> list[int]:
            return [row["contestant"]["number"] for row in judge.get(found.url(query)).json()["rows"]]

        assert (numbers("leaderboard/?top=2"), numbers("leaderboard/?top=2&expand=marks")) == ([1, 2], [1, 2])
        found.stand("locked")
        assert numbers("leaderboard/?top=2") == [3, 1]

    @pytest.mark.parametrize("top", ["0", "-1", "1001", "many", ""])
    def test_a_board_is_cut_by_a_number(self, top: str) -> None:
        found = arena()

        assert found.client().get(found.url(f"leaderboard/?top={top}")).status_code == 400


@pytest.mark.django_db
class TestCommand:
    def test_wrong_totals_are_named_and_repaired(self) -> None:
        found = ready()
        name = str(found.contest.pk)
        ContestantTotal.objects.filter(contestant_id=found.entries[1].contestant_id).update(total=99)
        told = StringIO()

        with pytest.raises(CommandError, match="1 of 1 contests"):
            call_command("check_totals", contest=found.contest.pk, stdout=told)
        assert "line 2, number 2: total 99.00 is kept, 8.00 is computed" in told.getvalue()
        call_command("check_totals", contest=found.contest.pk, repair=True, stdout=told)

        assert told.getvalue().splitlines()[-1] == f"{name} {found.contest.name}: right"
        assert totals(found) == []

    def test_a_contest_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(CommandError, match="no contest"):
            call_command("check_totals", contest="01890000-0000-7000-8000-000000000000")


@pytest.mark.django_db(transaction=True)
class TestRealConnections:
    def test_a_writer_who_is_not_done_holds_nobody_up_and_is_not_forgotten(self) -> None:
        """A mark that is committed after a refresh has begun still stands in the queue after it."""
        found = ready()
        wrote, go_on = Event(), Event()

        def write() -> None:
            with transaction.atomic():
                Score.objects.filter(entry=found.entries[0]).update(value=1)
                wrote.set()
                assert go_on.wait(DEADLINE)

        with ThreadPoolExecutor(1) as pool, found.scope():
            writing = elsewhere(pool, found, write)
            assert wrote.wait(DEADLINE)
            Score.objects.filter(entry=found.entries[1]).update(value=2)  # waits for nobody
            before = maintained_rows(found.contest, top=1)
            go_on.set()
            writing.result(DEADLINE)
            after = maintained_rows(found.contest, top=1)

        assert before is not None
        assert after is not None
        assert [found_.rows[0]["total"] for found_ in (before, after)] == ["10.00", "6.00"]
        assert totals(found) == []

    def test_two_judges_of_one_entry_and_a_reader_leave_no_wrong_total(self) -> None:
        found = ready()
        access, start = access_of(found), Barrier(3)

        def judge(seat: int) -> None:
            scores = Score.objects.filter(assignment=found.seats[seat]).order_by("pk")
            ids = list(scores.values_list("pk", flat=True))
            start.wait(DEADLINE)
            for number in range(30):
                change_mark(
                    score_id=ids[number % len(ids)],
                    access=access,
                    state="scored",
                    value=(number + seat) % 10,
                    version=None,
                )

        def read() -> list[bool]:
            start.wait(DEADLINE)
            equal = []
            for _ in range(15):
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    policy = load_policy(found.contest)
                    kept, computed = maintained_rows(found.contest, top=None), computed_rows(policy, TALLY_MASTER)
                equal.append(kept is None or (kept.rows, kept.as_of) == computed)
            return equal

        with ThreadPoolExecutor(3) as pool:
            judging = [elsewhere(pool, found, lambda seat=seat: judge(seat)) for seat in (1, 2)]
            reading = elsewhere(pool, found, read)
            for future in judging:
                future.result(DEADLINE)
            assert all(reading.result(DEADLINE))

        assert totals(found) == []
        assert queue(found) == []
