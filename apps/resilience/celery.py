"""Celery tasks that call services: they reschedule themselves instead of sleeping or failing.

    @app.task(base=ResilientTask, name="notifications.send_mail", max_retries=3)

- An open circuit, a full bulkhead and a rate limit put the task off until it makes sense, plus jitter, and spend no
  attempt: nothing was tried.
- A failed attempt that the policy would repeat puts the task off by the policy's pause, and spends one.
"""

from __future__ import annotations

import random
from typing import Any, NoReturn

from apps.core.correlation.celery import CorrelatedTask
from apps.resilience.errors import BulkheadFull, CircuitOpen, RateLimited, RetryPostponed
from apps.resilience.retry import may_sleep

UNKNOWN_WAIT = 30.0
"""Seconds to wait when nobody knows for how long, as with a circuit that an operator forced open."""
LEAST_WAIT = 0.5
JITTER = 0.25
"""Up to this share is added, so that a thousand postponed tasks don't come back in one second."""
MOST_ATTEMPTS = 3


class ResilientTask(CorrelatedTask):
    """The platform's task class for work that leaves the process."""

    abstract = True
    max_retries = MOST_ATTEMPTS - 1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = may_sleep.set(False)
        try:
            return super().__call__(*args, **kwargs)
        except (CircuitOpen, BulkheadFull, RateLimited) as refusal:
            self._come_back(refusal, spend=False)
        except RetryPostponed as failure:
            self._come_back(failure, spend=True)
        finally:
            may_sleep.reset(token)

    def _come_back(
        self, error: CircuitOpen | BulkheadFull | RateLimited | RetryPostponed, *, spend: bool
    ) -> NoReturn:
        if self.request.called_directly:
            raise error
        wait = UNKNOWN_WAIT if error.retry_after is None else error.retry_after
        countdown = max(LEAST_WAIT, wait) * (1 + JITTER * random.random())  # noqa: S311 - no secret
        if spend:
            raise self.retry(exc=error, countdown=countdown)
        # `retry` counts one up from what it finds here; without a limit, since nothing was tried.
        self.request.retries -= 1
        raise self.retry(exc=error, countdown=countdown, max_retries=_UNLIMITED)


_UNLIMITED = 2**31
