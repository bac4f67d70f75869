"""What has happened becomes deliveries: rows only, in the transaction that publishes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from apps.core.queue import enqueue_on_commit
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import EndpointState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from apps.notifications.policies import is_wanted
from apps.notifications.services.webhooks.payloads import render_body

SEND_TASK = "notifications.send_webhooks"
QUEUE = "webhooks"


def fan_out(messages: Sequence[PublishedMessage]) -> None:
    """Hook `messages_published`: one delivery for each endpoint that wants a message, however often it is told of."""
    owned = [(message, message.organization_id) for message in messages if message.organization_id]
    endpoints = _listening({organization_id for _, organization_id in owned})
    wanted = [
        (message, organization_id, endpoint_id)
        for message, organization_id in owned
        for endpoint_id, patterns in endpoints[organization_id]
        if is_wanted(message.type, patterns)
    ]
    if not wanted:
        return
    told = {message.id: _message_row(message, organization_id) for message, organization_id, _ in wanted}
    WebhookMessage.objects.bulk_create(told.values(), ignore_conflicts=True)
    WebhookDelivery.of_all_organizations.bulk_create(
        [
            WebhookDelivery(organization_id=organization_id, endpoint_id=endpoint_id, message_id=message.id)
            for message, organization_id, endpoint_id in wanted
        ],
        ignore_conflicts=True,
    )
    wake_sender()


def wake_sender() -> None:
    """Have a worker look for due deliveries as soon as this transaction has committed."""
    enqueue_on_commit(SEND_TASK, queue=QUEUE)


def _listening(organizations: set[UUID]) -> dict[UUID, list[tuple[UUID, list[str]]]]:
    """Endpoints that are sent to, with their patterns, by organization."""
    found: dict[UUID, list[tuple[UUID, list[str]]]] = defaultdict(list)
    rows = WebhookEndpoint.objects.filter(
        organization_id__in=organizations, state=EndpointState.ENABLED, organization__deleted_at__isnull=True
    )
    for organization_id, endpoint_id, patterns in rows.values_list("organization_id", "pk", "event_types"):
        found[organization_id].append((endpoint_id, patterns))
    return found


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
