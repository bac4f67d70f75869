"""Keeping failed tasks, and sending them again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction

from apps.core import clock
from apps.core.correlation.context import Correlation, correlated
from apps.core.deadletters.errors import AlreadyReplayed, ArgumentsNotKept
from apps.core.deadletters.models import FailedTask
from apps.core.ids import new_id
from apps.core.queue import enqueue_on_commit
from apps.core.tenancy import organization_scope, platform_scope

log = structlog.get_logger("podium.task")

PLAIN = re.compile(r"[A-Za-z0-9_.:-]{0,100}")
KEPT = timedelta(days=90)


def keep_failed_task(
    *,
    task: str,
    arguments: Sequence[object] | None,
    queue: str,
    error: BaseException,
    retries: int,
    run_id: str,
    carried: Mapping[str, str],
) -> None:
    """Write down a task that failed for good; a run once, however often it is told of.

    Args:
        arguments: None where they can't be written as a list.
        carried: the ids that travelled with it.
    """
    organization, actor = carried.get("organization_id"), carried.get("actor_id")
    lines = str(error).splitlines() or [""]
    failed = FailedTask(
        task=task[:100],
        arguments=list(arguments) if arguments is not None and is_plain(list(arguments)) else None,
        queue=queue[:30],
        error_type=type(error).__name__[:100],
        error=lines[0][:500],  # PostgreSQL's second line quotes the row
        retries=retries,
        run_id=run_id,
        organization_id=UUID(organization) if organization else None,
        actor_id=UUID(actor) if actor else None,
        correlation_id=carried.get("correlation_id", ""),
        traceparent=carried.get("traceparent", ""),
    )
    FailedTask.objects.bulk_create([failed], ignore_conflicts=True)


def is_plain(value: object) -> bool:
    """Whether a task's argument names nobody: an id, a number, a single word, or several of them."""
    match value:
        case None | bool() | int() | float():
            return True
        case str():
            return bool(PLAIN.fullmatch(value))
        case list() | tuple():
            return all(map(is_plain, value))
        case dict():
            return all(map(is_plain, [*value, *value.values()]))
        case _:
            return False


@transaction.atomic
def replay_task(*, failed_id: UUID, actor_id: UUID | None) -> FailedTask:
    """Send a failed task again, in its own story and for its own organization.

    Raises:
        AlreadyReplayed: somebody was quicker.
        ArgumentsNotKept: there is nothing to send.
    """
    failed = FailedTask.objects.get(pk=failed_id)
    if failed.arguments is None:
        raise ArgumentsNotKept("Its arguments were not written down. Do again what has started it.")
    now = clock.now()
    if not FailedTask.objects.filter(pk=failed_id, replayed_at=None).update(replayed_at=now, replayed_by=actor_id):
        raise AlreadyReplayed("Somebody has sent this task again already.")
    failed.refresh_from_db()
    story = Correlation(
        str(new_id()), failed.correlation_id or str(new_id()), failed.traceparent or None, failed.actor_id
    )
    organization_id = failed.organization_id
    scope = organization_scope(organization_id) if organization_id else platform_scope("a task of the platform")
    with correlated(story), scope:
        enqueue_on_commit(failed.task, *failed.arguments, queue=failed.queue)
    log.info("task replayed", task=failed.task, run_id=failed.run_id, by=str(actor_id))
    return failed


def remove_old_failures() -> int:
    """Forget failures that are older than anybody will ask for."""
    removed, _ = FailedTask.objects.filter(failed_at__lt=clock.now() - KEPT).delete()
    return removed
