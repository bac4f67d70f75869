"""A real Celery worker in a process group of its own, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 90.0

T = TypeVar("T")


@dataclass(frozen=True)
class Worker:
    """A running worker; its log is there for the message of a failing test."""

    process: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: int) -> None:
        """Send a signal to the worker and its children."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End it at once, children and all, as an outage does."""
        self.signal(signal.SIGKILL)
        self.process.wait(LIMIT)


@contextmanager
def running_worker(folder: Path, *, queue: str = "default", **variables: str) -> Iterator[Worker]:
    """A worker on this test's database, broker and files; it is gone at the end, whatever happened.

    `variables` are put into its environment.
    """
    environment = os.environ | {
        "DATABASE_URL": _database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PODIUM_PROCESS": "worker",
        "STORAGE_URL": (folder / "media").as_uri(),
        **variables,
    }
    log = folder / "worker.log"
    options = ["worker", "--concurrency", "1", "--queues", queue, "--without-gossip", "--without-mingle"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app", "config.celery:app", *options],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = Worker(process, log)
    try:
        yield worker
    finally:
        if process.poll() is None:
            worker.signal(signal.SIGCONT)
            worker.kill()


def wait_for(look: Callable[[], T], worker: Worker, what: str) -> T:
    """Look again and again until there is something true to see."""
    deadline = time.monotonic() + LIMIT
    while not (seen := look()):
        assert time.monotonic() < deadline, f"{what} did not come:\n{worker.log.read_text()[-4000:]}"
        time.sleep(0.05)  # a real process: there is no clock to turn
    return seen


def _database_url() -> str:
    settings = connection.settings_dict
    account = f"{quote(settings['USER'])}:{quote(settings['PASSWORD'])}"
    return f"postgresql://{account}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
