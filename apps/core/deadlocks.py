"""Deadlocks: PostgreSQL undoes one of the transactions that wait for each other, and that one tries again.

Deletes, restores, purges and inserts take their locks in one order and don't meet in deadlocks by themselves
(`apps.core.softdelete.engine.taking`). What their callers lock around them can still lead into one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 4

log = structlog.get_logger("podium.database")


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL chose this transaction to end a deadlock."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, DeadlockDetected)


def deadlocks_retried(function: Callable[P, R]) -> Callable[P, R]:
    """Call `function`, which opens a transaction or savepoint of its own, again when a deadlock undid it.

    Undoing a savepoint gives its locks back. So a call inside another transaction can succeed at the second attempt,
    unless it is the outer one's locks that others wait for.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not is_deadlock(error):
                    raise
                log.warning("deadlock, trying again", function=function.__qualname__, attempt=attempt)
        return function(*args, **kwargs)

    return call
