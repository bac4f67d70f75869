"""Who and what the running code works for: request, correlation ID, person. Follows threads, tasks and coroutines."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from apps.core.ids import new_id

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Correlation:
    """The ids of one piece of work.

    `request_id` names one request or task, `correlation_id` the whole story that it belongs to, `traceparent`
    is W3C Trace Context where the caller sent one.
    """

    request_id: str
    correlation_id: str
    traceparent: str | None = None
    actor_id: UUID | None = None


_current: ContextVar[Correlation | None] = ContextVar("podium_correlation", default=None)


def current() -> Correlation | None:
    """The ids in force, None where nothing set any."""
    return _current.get()


def current_correlation_id() -> str:
    """The correlation ID in force, an empty string where there is none."""
    correlation = _current.get()
    return correlation.correlation_id if correlation else ""


def current_actor_id() -> UUID | None:
    """The person on whose behalf the code runs, None for the platform itself."""
    correlation = _current.get()
    return correlation.actor_id if correlation else None


def set_actor(actor_id: UUID | None) -> None:
    """Say on whose behalf the rest of this request or task runs."""
    correlation = _current.get() or new_correlation()
    _current.set(replace(correlation, actor_id=actor_id))


def new_correlation(
    *, request_id: str | None = None, correlation_id: str | None = None, traceparent: str | None = None
) -> Correlation:
    """Take over what is well formed, make what is missing or is not (it is dropped, never logged)."""
    if request_id is None or not WELL_FORMED.fullmatch(request_id):
        request_id = str(new_id())
    if correlation_id is None or not WELL_FORMED.fullmatch(correlation_id):
        correlation_id = request_id
    if traceparent is not None and not TRACEPARENT.fullmatch(traceparent):
        traceparent = None
    return Correlation(request_id, correlation_id, traceparent)


class correlated:  # noqa: N801 - reads as a word: `with correlated(story):`
    """Run a block under these ids."""

    __slots__ = ("_ids", "_previous")

    def __init__(self, ids: Correlation) -> None:
        self._ids = ids

    def __enter__(self) -> Correlation:
        self._previous = _current.get()
        _current.set(self._ids)
        return self._ids

    def __exit__(self, *_error: object) -> None:
        _current.set(self._previous)
