"""A deadlock's victim tries again, and nobody else does."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected, LockNotAvailable

from apps.core.deadlocks import ATTEMPTS, deadlocks_retried


class Victim:
    """Fails `times` times with `cause`, then answers."""

    def __init__(self, times: int, cause: Exception) -> None:
        self.times, self.cause, self.calls = times, cause, 0

    def work(self, answer: str) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise OperationalError("undone") from self.cause
        return answer


@pytest.mark.parametrize("times", range(ATTEMPTS))
def test_a_victim_tries_again_until_it_gets_through(times: int) -> None:
    victim = Victim(times, DeadlockDetected())

    assert deadlocks_retried(victim.work)("done") == "done"
    assert victim.calls == times + 1


def test_a_victim_gives_up_in_the_end() -> None:
    victim = Victim(ATTEMPTS, DeadlockDetected())

    with pytest.raises(OperationalError):
        deadlocks_retried(victim.work)("done")
    assert victim.calls == ATTEMPTS


def test_other_failures_are_not_tried_again() -> None:
    victim = Victim(1, LockNotAvailable())

    with pytest.raises(OperationalError):
        deadlocks_retried(victim.work)("done")
    assert victim.calls == 1
