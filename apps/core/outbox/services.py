"""Say that something has happened."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from apps.core.correlation.context import current
from apps.core.outbox.models import OutboxMessage


def emit(
    *,
    type: str,
    subject: str,
    organization_id: UUID | None,
    data: Mapping[str, object],
) -> OutboxMessage:
    """Record a domain event in the current transaction: both commit, or neither.

    Args:
        type: from the event catalogue, such as `contest.locked`.
        subject: what it is about, `contest/<id>`; events of one subject are told in order.
        data: JSON values only, no personal data beyond ids.

    Raises:
        RuntimeError: outside a transaction, where the event could be lost or be about nothing.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"emit({type!r}) needs the transaction of the change that it is about.")
    correlation = current()
    return OutboxMessage.objects.create(
        type=type,
        subject=subject,
        organization_id=organization_id,
        data=dict(data),
        correlation_id=correlation.correlation_id if correlation else "",
        traceparent=(correlation.traceparent or "") if correlation else "",
        actor_id=correlation.actor_id if correlation else None,
    )
