"""What is done to the outbox by hand and by the clock; publishing is in `publishing`."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.core import clock
from apps.core.outbox.models import OutboxMessage
from apps.core.outbox.numbering import CHANNEL
from apps.messaging.errors import NotADeadLetter

log = structlog.get_logger("podium.relay")

REMOVED_AT_ONCE = 5000


@transaction.atomic
def replay_message(*, message_id: UUID, actor_id: UUID | None) -> OutboxMessage:
    """Give a dead letter to the relay again, with its own number and all its attempts.

    Raises:
        NotADeadLetter: it is not parked, or no longer.
    """
    parked = OutboxMessage.objects.filter(pk=message_id, parked_at__isnull=False, published_at=None)
    if not parked.update(parked_at=None, retry_at=None, attempts=0):
        raise NotADeadLetter("This message is not parked: it waits its turn, or was published.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    message = OutboxMessage.objects.get(pk=message_id)
    log.info("message replayed", message_id=str(message_id), type=message.type, by=str(actor_id))
    return message


def remove_published(*, batch: int = REMOVED_AT_ONCE) -> int:
    """Remove what was published long ago, batch by batch; how much that was."""
    limit = clock.now() - settings.OUTBOX_RETENTION
    removed = 0
    while True:
        old = OutboxMessage.objects.filter(published_at__lt=limit).order_by("published_at").values("pk")[:batch]
        count, _ = OutboxMessage.objects.filter(pk__in=old).delete()
        removed += count
        if count < batch:
            return removed
