"""Ends the children of a supervisor that was killed. Started by it, and told by it which children there are.

Its standard input is a pipe that only the supervisor holds: when that ends without a word, the supervisor is gone.
(The kernel's own way, PR_SET_PDEATHSIG, reaches the children alone and not their pools; and a Celery worker that
is asked to end while its output is broken doesn't.) This file is run by its path, without the rest of Podium.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

SECONDS_TO_END: Final = 3.0
POLL_SECONDS: Final = 0.05


class Guard:
    """The supervisor's side."""

    def __init__(self, lock: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(lock,),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def watch(self, group: int) -> None:
        """A child was started; it leads this process group."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """A child has ended, and so has its group."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # somebody killed the guard; the rest goes on
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


def main() -> None:
    """The guard's side."""
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        change = groups.add if line.startswith(b"+") else groups.discard
        change(int(line[1:]))
    end(groups)


def end(groups: set[int]) -> None:
    """Ask all processes of these groups to end, and kill those that don't."""
    deadline = time.monotonic() + SECONDS_TO_END
    remaining = {group for group in groups if _signal(group, signal.SIGTERM)}
    while remaining and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        remaining = {group for group in remaining if _signal(group, 0)}
    for group in remaining:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return False
    return True


if __name__ == "__main__":
    main()
