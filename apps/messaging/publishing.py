"""One batch of the outbox, from its tables to the consumers, in one transaction."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from apps.core import clock
from apps.core.outbox.models import OutboxMessage
from apps.core.tenancy import platform_scope
from apps.messaging.hooks import PublishedMessage, messages_published
from apps.messaging.metrics import FAILED, PUBLISHED
from apps.messaging.selectors import due_messages, due_shards

log = structlog.get_logger("podium.relay")

BATCH = 500
# So many shards at once leave some for other relays.
SHARDS_AT_ONCE = 16
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
ERROR_LENGTH = 500
# A relay that freezes in the middle loses its shards after this.
IDLE_AT_MOST = "60s"
LEASES = 0x0B0C  # the name, among advisory locks, of "this relay has the shard"

# Both last until the end of the transaction, whatever becomes of the process.
LEASE = """
SELECT shard, set_config('idle_in_transaction_session_timeout', %s, true)
FROM unnest(%s::int[]) AS shard WHERE pg_try_advisory_xact_lock(%s, shard)
"""


@dataclass(slots=True)
class Batch:
    """What became of the messages of one batch."""

    published: list[OutboxMessage] = field(default_factory=list)
    failed: dict[str, tuple[OutboxMessage, Exception]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.published) + len(self.failed)

    def open(self, messages: Sequence[OutboxMessage]) -> Sequence[OutboxMessage]:
        """Those that no failed message of their subject stands in front of."""
        return [message for message in messages if message.subject not in self.failed]


def publish_due(*, limit: int = BATCH) -> int:
    """Publish what is due in the shards that no other relay has.

    Returns:
        how many messages were published or have failed: with 0 there is nothing left for this relay to do.
    """
    shards = list(due_shards(clock.now()))
    random.shuffle(shards)
    chunks = [shards[start : start + SHARDS_AT_ONCE] for start in range(0, len(shards), SHARDS_AT_ONCE)]
    return sum(len(publish_batch(shards=chunk, limit=limit)) for chunk in chunks)


def publish_batch(*, shards: Sequence[int], limit: int = BATCH) -> Batch:
    """Publish up to `limit` due messages of these shards, each subject's in order, or of those that can be had.

    A message whose consumers raise is put off, or parked after its last attempt; what is of other subjects goes on.

    Raises:
        OperationalError, InterfaceError: the database went away; nothing has happened.
    """
    with platform_scope("the relay publishes every organization's messages"), transaction.atomic():
        batch = Batch()
        _deliver(_claim(shards, limit), batch)
        _record(batch)
    PUBLISHED.inc(len(batch.published))
    FAILED.inc(len(batch.failed))
    return batch


def _claim(shards: Sequence[int], limit: int) -> Sequence[OutboxMessage]:
    """Lease the shards that are free, and lock their due messages.

    Those are not skipped when locked (by an erasure, by an operator): what is behind them would overtake them.
    """
    with connection.cursor() as cursor:
        cursor.execute(LEASE, [IDLE_AT_MOST, list(shards), LEASES])
        leased = [shard for shard, _ in cursor.fetchall()]
    if not leased:
        return []
    due: QuerySet[OutboxMessage] = due_messages(clock.now()).filter(shard__in=leased)
    return list(due.select_for_update()[:limit])


def _deliver(messages: Sequence[OutboxMessage], batch: Batch) -> None:
    """Hand messages to the consumers; where one of them raises, halve until it is known for which message.

    Raises:
        OperationalError, InterfaceError: the connection is gone.
    """
    messages = batch.open(messages)
    if not messages:
        return
    try:
        with transaction.atomic():
            messages_published([as_published(message) for message in messages])
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
            raise
        if len(messages) == 1:
            batch.failed[messages[0].subject] = messages[0], error
            return
        half = len(messages) // 2
        _deliver(messages[:half], batch)
        _deliver(messages[half:], batch)
    else:
        batch.published += messages


def _record(batch: Batch) -> None:
    now = clock.now()
    if batch.published:
        ids = [message.pk for message in batch.published]
        OutboxMessage.objects.filter(pk__in=ids).update(published_at=now, retry_at=None)
    for message, error in batch.failed.values():
        _put_off(message, error)
    for message in batch.published:
        log.debug(
            "message published",
            message_id=str(message.pk),
            type=message.type,
            subject=message.subject,
            sequence=message.sequence,
            correlation_id=message.correlation_id,
        )


def _put_off(message: OutboxMessage, error: Exception) -> None:
    """Try again later, twice as long each time, or park it."""
    now = clock.now()
    message.attempts += 1
    # Only the first line: PostgreSQL's second one quotes the row.
    message.last_error = f"{type(error).__name__}: {error}".splitlines()[0][:ERROR_LENGTH]
    if message.attempts >= settings.OUTBOX_MAX_ATTEMPTS:
        message.parked_at, message.retry_at = now, None
    else:
        message.retry_at = now + min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
    message.save(update_fields=["attempts", "last_error", "parked_at", "retry_at"])
    log.error(
        "message parked" if message.parked_at else "message put off",
        message_id=str(message.pk),
        type=message.type,
        subject=message.subject,
        attempts=message.attempts,
        correlation_id=message.correlation_id,
        exc_info=error,
    )


def as_published(message: OutboxMessage) -> PublishedMessage:
    """What consumers get."""
    if message.sequence is None:
        raise ValueError(f"{message} has not been committed yet.")
    return PublishedMessage(
        id=message.pk,
        organization_id=message.organization_id,
        type=message.type,
        subject=message.subject,
        sequence=message.sequence,
        data=message.data,
        time=message.created_at,
        correlation_id=message.correlation_id,
        traceparent=message.traceparent,
        actor_id=message.actor_id,
    )
