"""Marks, locks and signatures on real connections: what waits for what, and who wins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from threading import Event
from typing import TypeVar

import pytest
from django.db import connection, transaction

from apps.accounts.enums import Role
from apps.contests.errors import ContestLocked
from apps.contests.models import Score, Signature
from apps.contests.selectors.scorecards import read_scorecard
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest
from apps.contests.services.scorecards import CardMark, save_scorecard
from apps.contests.services.scores import MarkInput, record_marks
from apps.contests.services.transitions import lock_contest
from apps.core import clock
from apps.core.errors import StaleVersion
from apps.core.tenancy import organization_scope
from tests.integration.contests.arena import Arena, access_of, arena

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE = 20.0
R = TypeVar("R")
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def elsewhere(pool: ThreadPoolExecutor, found: Arena, work: Callable[[], R]) -> Future[R]:
    """Run `work` on a connection of its own."""

    def run() -> R:
        try:
            with organization_scope(found.contest.organization_id):
                return work()
        finally:
            connection.close()

    return pool.submit(run)


def until_somebody_waits() -> None:
    """Return once a connection waits for a lock."""
    end = clock.monotonic() + DEADLINE
    while clock.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one snapshot otherwise
            cursor.execute(WAITING)
            if cursor.fetchone() != (0,):
                return
    raise AssertionError("nobody waits for a lock")


def mark(found: Arena, seat: int, entry: int, criterion: int) -> MarkInput:
    return MarkInput(found.seats[seat].pk, found.entries[entry].pk, found.criteria[criterion].pk, value=Decimal(5))


def all_but_one(found: Arena) -> MarkInput:
    """Mark everything but the mark that is returned."""
    found.mark_all()
    with found.scope():
        Score.objects.filter(entry=found.entries[0], assignment=found.seats[0], criterion=found.criteria[0]).delete()
    return mark(found, 0, 0, 0)


def test_a_lock_waits_for_a_mark_that_is_being_written_and_sees_it() -> None:
    found = arena()
    last = all_but_one(found)
    access = access_of(found)
    written, go_on = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            record_marks(inputs=[last], access=access, pointers=["#"])
            written.set()
            assert go_on.wait(DEADLINE)

    with ThreadPoolExecutor(2) as pool:
        writing = elsewhere(pool, found, write)
        assert written.wait(DEADLINE)
        locking = elsewhere(pool, found, lambda: lock_contest(contest_id=found.contest.pk, access=access))
        until_somebody_waits()
        assert not locking.done()
        go_on.set()
        writing.result(DEADLINE)

        assert locking.result(DEADLINE).status == "locked"


def test_a_mark_waits_for_a_lock_that_is_being_set_and_is_refused() -> None:
    found = arena()
    last = all_but_one(found)
    access = access_of(found)
    with found.scope():
        record_marks(inputs=[last], access=access, pointers=["#"])
        Score.objects.filter(entry=found.entries[2], assignment=found.seats[2], criterion=found.criteria[1]).delete()
        found.category.rule = {"missing": "omit"}
        found.category.save()
    late = mark(found, 2, 2, 1)

    with ThreadPoolExecutor(1) as pool, found.scope():
        with transaction.atomic():
            lock_contest(contest_id=found.contest.pk, access=access)
            writing = elsewhere(pool, found, lambda: record_marks(inputs=[late], access=access, pointers=["#"]))
            until_somebody_waits()
            assert not writing.done()

        with pytest.raises(ContestLocked):
            writing.result(DEADLINE)
        assert Score.objects.count() == 17


def test_marks_are_written_side_by_side() -> None:
    """Two judges don't wait for each other: the second one is done while the first is not."""
    found = arena()
    access = access_of(found)

    with ThreadPoolExecutor(1) as pool, found.scope(), transaction.atomic():
        record_marks(inputs=[mark(found, 0, 0, 0)], access=access, pointers=["#"])
        other = elsewhere(
            pool, found, lambda: record_marks(inputs=[mark(found, 1, 0, 0)], access=access, pointers=["#"])
        )

        assert len(other.result(DEADLINE)) == 1


def test_of_two_who_save_one_scorecard_at_once_one_wins() -> None:
    found = arena()
    access = access_of(found)
    seat, entry = found.seats[0].pk, found.entries[0].pk
    with found.scope():
        tag = read_scorecard(assignment_id=seat, entry_id=entry).tag

    def save(value: str) -> str:
        marks = {criterion.pk: CardMark("scored", Decimal(value)) for criterion in found.criteria}
        return save_scorecard(assignment_id=seat, entry_id=entry, marks=marks, access=access, tag=tag).tag

    with ThreadPoolExecutor(1) as pool, found.scope():
        with transaction.atomic():
            won = save("7")
            losing = elsewhere(pool, found, lambda: save("3"))
            until_somebody_waits()

        with pytest.raises(StaleVersion) as refusal:
            losing.result(DEADLINE)
        assert refusal.value.extra == {"current_version": won}
        assert set(Score.objects.values_list("value", flat=True)) == {Decimal(7)}


def test_of_two_signatures_at_once_one_is_made() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    access = access_of(found, Role.TALLY_MASTER)
    with found.scope():
        digest = read_sign_off(found.now()).digest

    def sign() -> str:
        try:
            return str(sign_contest(contest_id=found.contest.pk, access=access, digest=digest).link.number)
        except Exception as error:  # noqa: BLE001 - its name is what is looked at
            return type(error).__name__

    with ThreadPoolExecutor(2) as pool:
        outcomes = [elsewhere(pool, found, sign) for _ in range(2)]
        results = sorted(outcome.result(DEADLINE) for outcome in outcomes)

    assert results == ["1", "AlreadySigned"]
    with found.scope():
        assert Signature.objects.count() == 1
