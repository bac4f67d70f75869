"""Correlation and organization travel with each task as headers, and are restored before its first line."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import UUID

import structlog
from celery import Task
from celery.signals import before_task_publish

from apps.core import clock
from apps.core.correlation.context import Correlation, correlated, current, new_correlation
from apps.core.ids import new_id
from apps.core.tenancy import current_organization_id, organization_scope

log = structlog.get_logger("podium.task")

HEADER = "podium"


def outgoing_headers() -> dict[str, str]:
    """What a task needs to go on with the story: ids, person and organization, where there are any."""
    correlation = current() or new_correlation()
    organization_id = current_organization_id()
    headers = {"correlation_id": correlation.correlation_id}
    if correlation.traceparent:
        headers["traceparent"] = correlation.traceparent
    if correlation.actor_id:
        headers["actor_id"] = str(correlation.actor_id)
    if organization_id:
        headers["organization_id"] = str(organization_id)
    return headers


def _carry(headers: dict[str, Any] | None = None, **_kwargs: Any) -> None:
    if headers is not None:
        headers.setdefault(HEADER, outgoing_headers())


def connect() -> None:
    """Put the headers on every task that this process publishes."""
    before_task_publish.connect(_carry, weak=False, dispatch_uid="podium-correlation")


class CorrelatedTask(Task[Any, Any]):
    """The platform's task class: restores the context, logs one line a run."""

    abstract = True
    quiet = False  # its lines are logged at DEBUG
    Request = "apps.core.deadletters.watching:KnownRequest"
    # Before a task that lost its worker, or asks for it, is tried again: what killed one may kill the next.
    default_retry_delay = 5

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        carried: dict[str, str] = getattr(self.request, HEADER, None) or {}
        actor = carried.get("actor_id")
        correlation_id = carried.get("correlation_id") or str(new_id())
        correlation = Correlation(
            request_id=str(self.request.id or new_id()),
            correlation_id=correlation_id,
            traceparent=carried.get("traceparent"),
            actor_id=UUID(actor) if actor else None,
        )
        started = clock.monotonic()
        with ExitStack() as stack:
            stack.enter_context(correlated(correlation))
            if carried.get("organization_id"):
                stack.enter_context(organization_scope(UUID(carried["organization_id"])))
            say = log.debug if self.quiet else log.info
            say("task started", task=self.name)
            try:
                result = super().__call__(*args, **kwargs)
            except Exception as error:
                log.warning("task raised", task=self.name, error_type=type(error).__name__)
                raise
            duration_ms = round((clock.monotonic() - started) * 1000, 2)
            say("task done", task=self.name, duration_ms=duration_ms)
            return result


class QuietTask(CorrelatedTask):
    """For a task that comes every few seconds and mostly finds nothing to do."""

    abstract = True
    quiet = True
