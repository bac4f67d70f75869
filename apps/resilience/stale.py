"""Reads that may be served stale: the last answer, for as long as the database is away."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from apps.resilience.fallbacks import StaleAnswers
from apps.resilience.metrics import FALLBACKS
from apps.resilience.postgresql.base import SERVICE, DatabaseUnavailable

MAX_AGE = 300.0
"""Seconds after which an answer is too old to be better than none."""

_answers: StaleAnswers[Any] = StaleAnswers(size=500, max_age=MAX_AGE)


class StaleWhileAway:
    """A mixin for views that answer the same to everybody, so that an address is all that a kept answer goes by.

    A stale answer says so: `Age`, and `Warning: 110` (RFC 9111).
    """

    request: Any

    def keep(self, body: Any) -> Any:
        """This is the answer now; returns it."""
        return _answers.keep(self.request.build_absolute_uri(), body)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer from before where the database is away; anything else is an error as ever."""
        found = _answers.last(self.request.build_absolute_uri()) if isinstance(exc, DatabaseUnavailable) else None
        if found is None:
            answer: Response = super().handle_exception(exc)  # type: ignore[misc]
            return answer
        FALLBACKS.labels(SERVICE, type(exc).__name__).inc()
        return Response(found.value, headers={**found.headers, "Cache-Control": "no-store"})
