"""What has happened becomes deliveries: rows only, in the transaction that publishes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from apps.core import clock
from apps.core.queue import enqueue_on_commit
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import DeliveryState, EndpointState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from apps.notifications.policies import is_wanted
from apps.notifications.services.webhooks.payloads import render_body

SEND_TASK = "notifications.send_webhooks"
QUEUE = "webhooks"


def fan_out(messages: Sequence[PublishedMessage]) -> None:
    """Hook `messages_published`: one delivery for each endpoint that wants a message, however often it is told of.

    An endpoint that is disabled gets its deliveries cancelled: so it is seen what it misses, and can be recovered.
    """
    owned = [(message, message.organization_id) for message in messages if message.organization_id]
    endpoints = _listening({organization_id for _, organization_id in owned})
    wanted = [
        (message, endpoint)
        for message, organization_id in owned
        for endpoint in endpoints[organization_id]
        if is_wanted(message.type, endpoint.event_types)
    ]
    if not wanted:
        return
    told = {message.id: _message_row(message, endpoint.organization_id) for message, endpoint in wanted}
    WebhookMessage.objects.bulk_create(told.values(), ignore_conflicts=True)
    rows = [_delivery_row(message, endpoint) for message, endpoint in wanted]
    WebhookDelivery.of_all_organizations.bulk_create(rows, ignore_conflicts=True)
    if any(row.state == DeliveryState.PENDING for row in rows):
        wake_sender()


def wake_sender() -> None:
    """Have a worker look for due deliveries as soon as this transaction has committed."""
    enqueue_on_commit(SEND_TASK, queue=QUEUE)


def _listening(organizations: set[UUID]) -> dict[UUID, list[WebhookEndpoint]]:
    """Endpoints, disabled ones too, by organization."""
    found: dict[UUID, list[WebhookEndpoint]] = defaultdict(list)
    rows = WebhookEndpoint.objects.filter(organization_id__in=organizations, organization__deleted_at__isnull=True)
    for endpoint in rows.only("organization_id", "event_types", "state"):
        found[endpoint.organization_id].append(endpoint)
    return found


def _delivery_row(message: PublishedMessage, endpoint: WebhookEndpoint) -> WebhookDelivery:
    row = WebhookDelivery(organization_id=endpoint.organization_id, endpoint_id=endpoint.pk, message_id=message.id)
    if endpoint.state == EndpointState.DISABLED:
        row.state, row.next_attempt_at, row.finished_at = DeliveryState.CANCELLED, None, clock.now()
    return row


def _message_row(message: PublishedMessage, organization_id: UUID) -> WebhookMessage:
    return WebhookMessage(
        id=message.id,
        organization_id=organization_id,
        type=message.type,
        subject=message.subject,
        sequence=message.sequence,
        occurred_at=message.time,
        body=render_body(
            message_id=message.id,
            type=message.type,
            subject=message.subject,
            sequence=message.sequence,
            organization_id=organization_id,
            occurred_at=message.time,
            data=message.data,
        ),
        correlation_id=message.correlation_id,
        traceparent=message.traceparent,
    )
