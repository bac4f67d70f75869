"""Who writes the history, and who waits for it: nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from apps.resilience.keeper import Keeper, Scribe


class Database:
    """Takes as long as it likes, or fails."""

    def __init__(self) -> None:
        self.waiting = 1
        self.answers = threading.Event()
        self.entered = threading.Semaphore(0)
        self.written = 0
        self.given_back = 0
        self.error: Exception | None = None

    def write(self) -> None:
        self.entered.release()
        self.answers.wait()
        if self.error is not None:
            raise self.error
        self.waiting, self.written = 0, self.written + 1

    def give_back(self) -> None:
        self.given_back += 1


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.answers.set()


def scribe(database: Database, *, threads: bool) -> Scribe:
    keeper = Keeper(waiting=lambda: database.waiting, write_history=database.write, give_back=database.give_back)
    return Scribe(lambda: keeper, threads=threads)


def test_whoever_has_something_written_does_not_wait_for_it(database: Database) -> None:
    writing = scribe(database, threads=True)
    writing.write()
    database.entered.acquire()
    writing.write()  # the first one is still at it
    database.answers.set()
    writing.finish()
    assert (database.written, database.given_back) == (1, 1)
    assert not database.entered.acquire(blocking=False)


def test_an_error_ends_one_write_and_the_next_one_writes(database: Database) -> None:
    writing = scribe(database, threads=True)
    database.answers.set()
    database.error = RuntimeError("a listener's mistake")
    writing.write()
    writing.finish()
    assert (database.written, database.given_back) == (0, 1)
    database.error = None
    writing.write()
    writing.finish()
    assert (database.written, database.given_back) == (1, 2)


def test_where_nothing_waits_nobody_is_troubled(database: Database) -> None:
    database.waiting = 0
    writing = scribe(database, threads=True)
    writing.write()
    writing.finish()
    assert (database.written, database.given_back) == (0, 0)


def test_without_threads_it_is_written_at_once(database: Database) -> None:
    database.answers.set()
    scribe(database, threads=False).write()
    assert database.written == 1
