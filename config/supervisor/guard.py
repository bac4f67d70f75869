"""Ends the children of a supervisor that was killed. Started by it, and told by the children that they are there.

Its standard input is a pipe that the supervisor holds, and a child until it has named itself: when that ends, the
supervisor is gone, and no child is on its way. Were it the supervisor that names a child, one started just before
the supervisor is killed would stay for ever.
(The kernel's own way, PR_SET_PDEATHSIG, reaches the children alone and not their pools; and a Celery worker that
is asked to end while its output is broken doesn't.) This file is run by its path, without the rest of Podium.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

# In a shell of its own (`$$` is that of the outer one), which alone ends when somebody has killed the guard.
NAME_YOURSELF: Final = '(echo "+$$" >&0); exec "$@" </dev/null'
SECONDS_TO_END: Final = 3.0
POLL_SECONDS: Final = 0.05


class Guard:
    """The supervisor's side: the guard's process, and `ear`, the descriptor that is a child's first input."""

    def __init__(self, lock: int) -> None:
        readable, self.ear = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).resolve())],
            stdin=readable,
            start_new_session=True,
            pass_fds=(lock,),
        )
        os.close(readable)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.ear)
        self.process.wait()

    @staticmethod
    def watched(command: Sequence[str]) -> tuple[str, ...]:
        """The command by which a child, who leads a process group, names itself and becomes that program."""
        return ("/bin/sh", "-c", NAME_YOURSELF, "sh", *command)

    def forget(self, group: int) -> None:
        """A child has ended, and so has its group."""
        with contextlib.suppress(BrokenPipeError):  # somebody killed the guard; the rest goes on
            os.write(self.ear, f"-{group}\n".encode())


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
