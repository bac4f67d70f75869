"""Say that something has happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.core.correlation.context import current
from apps.core.outbox.catalogue import require_described
from apps.core.outbox.models import OutboxMessage


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something that happened.

    Args:
        type: from the event catalogue, such as `contest.locked`.
        subject: what it is about, `contest/<id>`; events of one subject are told in order.
        organization_id: None for events of the platform itself.
        data: JSON values only, no personal data beyond ids.
    """

    type: str
    subject: str
    organization_id: UUID | None
    data: Mapping[str, object] = field(default_factory=dict)


def emit(
    *,
    type: str,
    subject: str,
    organization_id: UUID | None,
    data: Mapping[str, object],
) -> OutboxMessage:
    """Record a domain event in the current transaction: both commit, or neither. Arguments as in `DomainEvent`.

    Raises:
        RuntimeError: outside a transaction, where the event could be lost or be about nothing.
    """
    (message,) = emit_many([DomainEvent(type, subject, organization_id, data)])
    return message


def emit_many(events: Sequence[DomainEvent]) -> list[OutboxMessage]:
    """Record several events in one statement, in their order.

    Raises:
        RuntimeError: outside a transaction.
        NotInCatalogue: it is not told as the catalogue says; looked at in development and tests.
    """
    if not connection.in_atomic_block:
        types = ", ".join(sorted({event.type for event in events}))
        raise RuntimeError(f"Telling of {types} needs the transaction of the change that it is about.")
    if settings.OUTBOX_CHECKED:
        for event in events:
            require_described(event)
    correlation = current()
    return OutboxMessage.objects.bulk_create(
        OutboxMessage(
            type=event.type,
            subject=event.subject,
            organization_id=event.organization_id,
            data=dict(event.data),
            correlation_id=correlation.correlation_id if correlation else "",
            traceparent=(correlation.traceparent or "") if correlation else "",
            actor_id=correlation.actor_id if correlation else None,
        )
        for event in events
    )
