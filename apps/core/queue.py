"""Services enqueue work by its registered name, and only once their transaction has committed."""

from __future__ import annotations

from celery import current_app
from django.db import transaction

from apps.core.correlation.celery import HEADER, outgoing_headers


def enqueue_on_commit(task: str, *args: object, queue: str = "default", countdown: float | None = None) -> None:
    """Send `task` to `queue` after the commit; nothing is sent when the transaction rolls back.

    Args:
        task: the explicit name of a registered task, such as `contests.import_results`.
        args: ids and other plain JSON values.
        countdown: seconds to wait before it may run.
    """
    values = [str(arg) if not isinstance(arg, str | int | bool | list | dict | None) else arg for arg in args]
    headers = {HEADER: outgoing_headers()}

    def send() -> None:  # with a name: Django's log line of its failure asks for one
        current_app.send_task(task, args=values, queue=queue, countdown=countdown, headers=headers)

    # Robust: the rows are committed whatever the broker says; a sweeper sends again what it did not take.
    transaction.on_commit(send, robust=True)
