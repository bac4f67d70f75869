"""Celery tells of failed tasks, in whichever of its processes learns of it."""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task
from celery.signals import task_failure
from celery.worker.request import Request
from django.db import Error as DatabaseError

from apps.core.correlation.celery import HEADER
from apps.core.deadletters.services import keep_failed_task

log = structlog.get_logger("podium.task")


class KnownRequest(Request):
    """A run as the worker's main process sees it, which tells of a hard time limit without saying whose it was."""

    def on_timeout(self, soft: bool, timeout: float) -> None:
        self.task.request_stack.push(self._context)  # type: ignore[attr-defined]
        try:
            super().on_timeout(soft, timeout)
        finally:
            self.task.request_stack.pop()


def connect() -> None:
    """Keep every task that fails for good in this process."""
    task_failure.connect(_keep, weak=False, dispatch_uid="podium-deadletters")


def _keep(
    sender: Task[Any, Any],
    task_id: str,
    exception: BaseException,
    args: Any = None,
    kwargs: Any = None,
    **_more: Any,
) -> None:
    request: Any = sender.request
    try:
        keep_failed_task(
            task=sender.name,
            arguments=None if kwargs else list(args or ()),
            queue=(request.delivery_info or {}).get("routing_key") or "default",
            error=exception,
            retries=request.retries or 0,
            run_id=task_id,
            carried=getattr(request, HEADER, None) or {},
        )
    except DatabaseError:
        log.exception("failed task not kept", task=sender.name, run_id=task_id)
