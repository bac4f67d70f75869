"""What has to be done around a fork (Celery prefork, gunicorn), so that a child begins with nothing of its parent's.

A thread that holds a lock while another thread forks leaves it locked in the child for ever. So the flusher's rounds,
which touch nearly everything, are held up during a fork; whatever else has locks, threads or connections makes them
anew in the child.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol
from uuid import uuid4
from weakref import WeakSet


class Forkable(Protocol):
    """Something with threads, connections, locks, or news that the parent tells already."""

    def forked(self) -> None:
        """This is the child: begin again."""
        ...


class Holdable(Protocol):
    """Something whose own thread must not be at work while the process forks."""

    def hold(self) -> None:
        """Wait until it is not at work, and keep it so."""
        ...

    def release(self) -> None:
        """Let it go on (in the parent)."""
        ...


HELD_FOR_FORK = 2.0
"""Seconds for which a fork waits for a thread's work to end, at most: a database that hangs must not keep a pool from
growing."""

_forkables: WeakSet[Forkable] = WeakSet()
_holdables: WeakSet[Holdable] = WeakSet()
_forking = threading.Lock()
"""One thread forks at a time, so that each holds and releases for itself."""


def renew_after_fork(thing: Forkable) -> None:
    """Call `thing.forked()` in every child, for as long as it lives."""
    _forkables.add(thing)


def hold_during_fork(thing: Holdable) -> None:
    """Hold `thing` up around every fork, for as long as it lives."""
    _holdables.add(thing)


def process_name() -> str:
    """A name that no other process ever had."""
    return f"{os.getpid()}-{uuid4().hex[:12]}"


def _before() -> None:
    _forking.acquire()
    for thing in list(_holdables):
        thing.hold()


def _in_parent() -> None:
    for thing in list(_holdables):
        thing.release()
    _forking.release()


def _in_child() -> None:
    _forking.release()
    for thing in list(_forkables):
        thing.forked()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
