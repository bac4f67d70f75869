"""One `make run` for each home, by a lock that its children hold too."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.local_services.processes import command_of, wait_until
from config.supervisor.console import Console

SECONDS_TO_END: Final = 10.0


class AlreadyRunningError(Exception):
    """Another supervisor has this home, or something it has left."""


@contextmanager
def only_instance(home: Path, url: str, console: Console) -> Iterator[int]:
    """Hold the home: the descriptor of its lock, for children to inherit.

    After a crash the children of the last supervisor, which its guard is about to end, get the time for it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / "run.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _lock(descriptor):
            _refuse_if_supervised(home, path)
            console.say("Waiting for what an earlier run has left to end")
            if not wait_until(lambda: _lock(descriptor), SECONDS_TO_END):
                raise AlreadyRunningError(
                    f"Processes of an earlier run still use {home}: end them by hand (`fuser {path}` names them)."
                )
        path.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_if_supervised(home: Path, path: Path) -> None:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        pid, url = int(holder["pid"]), str(holder["url"])
    except (ValueError, KeyError, TypeError):
        return
    if " ".join(command_of(pid)).endswith("config.supervisor"):
        raise AlreadyRunningError(
            f"Podium runs from {home} already, at {url} (process {pid}).\n"
            f"For a second one: PODIUM_HOME=/another/folder PORT=8010 make run"
        )
