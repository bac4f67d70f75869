"""Tells a worker that there are mails to send."""

from __future__ import annotations

from apps.core.queue import enqueue_on_commit

SEND_TASK = "notifications.send_mail"
QUEUE = "mail"


def wake_sender() -> None:
    """Have a worker look for due mails as soon as this transaction has committed."""
    enqueue_on_commit(SEND_TASK, queue=QUEUE)
