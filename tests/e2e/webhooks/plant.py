"""Podium without its web process: PostgreSQL, Valkey, two relays, two senders and a beat. All of it may die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psycopg

from config.local_services import LocalServices
from config.supervisor.programs import processes
from tests.e2e.faults import crash_postgres, lose_valkey
from tests.e2e.stack import ROOT

PROGRAMS = {program.name: program.command for program in processes(host="127.0.0.1", port=0)}
CAST = {
    "relay-1": PROGRAMS["relay"],
    "relay-2": PROGRAMS["relay"],
    "sender-1": PROGRAMS["sender"],
    "sender-2": tuple(part.replace("sender@", "sender-2@") for part in PROGRAMS["sender"]),
    "beat": PROGRAMS["beat"],
}
BETWEEN_LOOKS = 0.1


class Plant:
    """The processes of `make run`; whichever ends is started again, as the supervisor does.

    Args:
        variables: for the environment of all of them.
    """

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.log = home / "plant.log"
        self.ends = 0
        self._local = LocalServices(home)
        self._variables = variables
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        self._services = self._local.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            _end(process)
        self._local.destroy()

    @property
    def environment(self) -> dict[str, str]:
        """Where everything is."""
        return os.environ | {
            "PODIUM_HOME": str(self.home),
            "DATABASE_URL": self._services.database_url,
            "REDIS_URL": self._services.redis_url,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "LOG_LEVEL": "WARNING",
            **self._variables,
        }

    def run(self, *arguments: str) -> str:
        """Run something to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def keep(self, name: str, *command: str) -> None:
        """Start a program, and have it run from now on."""
        self._running[name] = self.start(*command)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program once."""
        with self.log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a program and its children at once; another one takes its place."""
        _end(self._running[name])
        self.keep(name, *CAST[name])

    def crash_database(self) -> None:
        """PostgreSQL fails and recovers."""
        self._services = crash_postgres(self._local, self._services)

    def lose_valkey(self) -> None:
        """Valkey is replaced by one that knows nothing."""
        self._services = lose_valkey(self._local, self._services)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self._services.database_url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload]

    def number(self, statement: str) -> int:
        """One number that the database says."""
        return int(self.ask(statement)[0][0])

    def wait_until(self, condition: Callable[[], bool], what: str, *, limit: float) -> None:
        """Look again and again, and start again meanwhile what has ended by itself."""
        deadline = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come:\n{self.log.read_text()[-6000:]}"
            self._mend()
            time.sleep(BETWEEN_LOOKS)  # real processes: there is no clock to turn

    def _mend(self) -> None:
        for name, process in self._running.items():
            if process.poll() is not None:
                self.ends += 1
                self.kill(name)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
