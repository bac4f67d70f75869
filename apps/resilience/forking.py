"""What has to be made anew in a child after fork (Celery prefork, gunicorn)."""

from __future__ import annotations

import os
from typing import Protocol
from uuid import uuid4
from weakref import WeakSet


class Forkable(Protocol):
    """Something with threads, connections or locks."""

    def forked(self) -> None:
        """This is the child: begin again."""
        ...


_forkables: WeakSet[Forkable] = WeakSet()


def renew_after_fork(thing: Forkable) -> None:
    """Call `thing.forked()` in every child, for as long as it lives."""
    _forkables.add(thing)


def process_name() -> str:
    """A name that no other process ever had."""
    return f"{os.getpid()}-{uuid4().hex[:12]}"


def _after_fork() -> None:
    for thing in list(_forkables):
        thing.forked()


os.register_at_fork(after_in_child=_after_fork)
