"""Who uses the services of a home: told by file locks, which the kernel takes away from a killed process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lease:
    """One process's right to find the services running.

    Each user holds a shared lock on `users.lock` for as long as it lives. Whoever starts or stops something
    does it under the exclusive lock on `change.lock`, and only then tries an exclusive one on `users.lock`.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._users: int | None = None

    @contextmanager
    def change(self) -> Iterator[None]:
        """Wait for and hold the right to start and stop services."""
        descriptor = self._open("change.lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def take(self) -> None:
        """Become a user. Only within `change`."""
        if self._users is None:
            self._users = self._open("users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def give_back(self) -> bool:
        """Cease to be a user; True if this was the last one. Only within `change`."""
        if self._users is None:
            return False
        descriptor, self._users = self._users, None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)

    def _open(self, name: str) -> int:
        return os.open(self._state / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
