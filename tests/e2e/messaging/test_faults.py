"""Relays are killed at random and the database crashes: nothing is lost, nothing comes twice, order is kept.

1,000 messages; `SCALE=10` makes it 10,000.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from apps.core.ids import new_id
from config.env import ROOT
from config.local_services import LocalServices, Services
from tests.e2e.faults import crash_postgres
from tests.e2e.messaging.member import TABLES

MESSAGES = 1_000 * int(os.environ.get("SCALE", "1"))
TELLERS = 2
RELAYS = 2
SUBJECTS = 20
PAUSE = "0.004"
LIMIT = 120.0

pytestmark = pytest.mark.timeout(600)


class Database:
    """A PostgreSQL of this test's own, which crashes when it is told to."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.local = LocalServices(home)
        self.services = Services()

    @property
    def url(self) -> str:
        return self.services.database_url

    def start(self) -> None:
        self.services = self.local.start(valkey=False)

    def crash(self) -> None:
        self.services = crash_postgres(self.local, self.services)

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload]

    def number(self, statement: str) -> int:
        return int(self.ask(statement)[0][0])  # type: ignore[call-overload]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {LIMIT} s"
        time.sleep(0.02)  # real processes: there is no clock to turn


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Migrated, with the tables of the run."""
    one = Database(tmp_path / "home")
    one.start()
    try:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
            cwd=ROOT,
            env=environment(one),
            check=True,
        )
        with psycopg.connect(one.url) as connection:
            connection.execute(TABLES)
            connection.cursor().executemany(
                "INSERT INTO fault_subject (id, organization_id) VALUES (%s, %s)",
                [(new_id(), new_id()) for _ in range(SUBJECTS)],
            )
        yield one
    finally:
        one.local.destroy()


def environment(database: Database) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "OUTBOX_POLL_SECONDS": "0.2",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def member(database: Database, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the run, gone at the end."""
    command = [sys.executable, "-m", "tests.e2e.messaging.member", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(database), start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def test_no_message_is_lost_or_doubled_or_overtaken(database: Database, tmp_path: Path) -> None:
    dice = random.Random(6)
    started = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(member(database, "relays", str(tmp_path), str(RELAYS)))
        tellers = [
            stack.enter_context(member(database, "teller", str(seed), str(MESSAGES // TELLERS), PAUSE))
            for seed in range(TELLERS)
        ]
        wait_for(lambda: database.number("SELECT count(*) FROM fault_handed") > 0, "the first message")
        kills = crashes = 0
        while any(teller.poll() is None for teller in tellers):
            kills += kill_a_relay(tmp_path, dice)
            if crashes == 0 and database.number("SELECT count(*) FROM core_outboxmessage") > MESSAGES // 3:
                database.crash()
                crashes += 1
            time.sleep(dice.uniform(0.05, 0.3))  # at random is the point
        assert [teller.returncode for teller in tellers] == [0] * TELLERS
        wait_for(lambda: waiting(database) == 0, "the last message")
        seconds = time.monotonic() - started

    assert kills >= 3
    assert crashes == 1
    # A teller whose commit was not answered tells again: then both are true.
    told = database.number("SELECT sum(told) FROM fault_subject")
    assert MESSAGES <= told <= MESSAGES + TELLERS
    assert database.number("SELECT count(*) FROM core_outboxmessage") == told
    # Nothing lost, and nothing twice: `fault_handed` refuses a second row of one id.
    assert database.ask("SELECT count(*), count(DISTINCT id) FROM fault_handed") == [(told, told)]
    # `number` was counted under a lock of the subject, so it is the order of the commits.
    assert database.number("SELECT count(*) FROM fault_handed WHERE sequence IS DISTINCT FROM number") == 0
    assert overtaken(database) == 0
    assert database.number("SELECT max(attempts) FROM core_outboxmessage") == 0
    print(f"\n{told} messages, {kills} relays killed, {crashes} crash of PostgreSQL, in {seconds:.1f} s: ")
    print("0 lost, 0 twice, 0 overtaken")


def waiting(database: Database) -> int:
    return database.number("SELECT count(*) FROM core_outboxmessage WHERE published_at IS NULL")


def overtaken(database: Database) -> int:
    """Messages that were handed over later than a successor, and gaps."""
    return database.number("""
        SELECT count(*) FROM (
            SELECT sequence, row_number() OVER (PARTITION BY subject ORDER BY place) AS turn FROM fault_handed
        ) AS handed WHERE sequence <> turn
    """)


def kill_a_relay(folder: Path, dice: random.Random) -> int:
    """Kill one of them, if it is there; how many that were."""
    files = sorted(folder.glob("relay-?"))
    if not files:
        return 0
    file = dice.choice(files)
    try:
        os.kill(int(file.read_text()), signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError, ValueError):
        return 0
    file.unlink(missing_ok=True)
    return 1
