"""Sending again: the same bytes under the same id, when somebody asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from apps.core import clock
from apps.core.errors import FieldError, Invalid
from apps.notifications.enums import UNDELIVERED, DeliveryState
from apps.notifications.errors import DeliveryUnderWay, PayloadGone
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.services.webhooks.endpoints import refuse_disabled
from apps.notifications.services.webhooks.fanout import wake_sender


class Missed(NamedTuple):
    """How many messages an endpoint did not get, and since when."""

    number: int
    since: datetime | None


@transaction.atomic
def redeliver(*, delivery_id: UUID) -> WebhookDelivery:
    """Put a finished delivery into the queue again, with all its attempts before it.

    Raises:
        DeliveryUnderWay: it is pending.
        EndpointDisabled: its endpoint is switched off.
        PayloadGone: what was sent is erased.
    """
    rows = WebhookDelivery.objects.select_related("endpoint", "message")
    delivery: WebhookDelivery = rows.get(pk=delivery_id)
    WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=delivery.endpoint_id)  # before its deliveries
    delivery = rows.select_for_update(of=("self",)).get(pk=delivery_id)
    refuse_disabled(delivery.endpoint)
    if delivery.message.body is None:
        raise PayloadGone("What was sent has been erased.")
    if not _queue(WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.PENDING)):
        raise DeliveryUnderWay("This delivery is pending: it will be sent anyway.")
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def recover(*, endpoint: WebhookEndpoint, since: datetime, until: datetime | None = None) -> int:
    """Put everything of an endpoint into the queue again that happened between two times and was not delivered.

    Returns:
        how many deliveries that are; those whose payload was erased stay as they are.

    Raises:
        EndpointDisabled: it is switched off.
        Invalid: `until` is before `since`.
    """
    refuse_disabled(endpoint)
    if until is not None and until < since:
        detail = "This is before `since`."
        raise Invalid(detail, errors=[FieldError("#/until", "ENDS_BEFORE_START", detail)])
    WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
    between = (since, until or clock.now())
    return _queue(_undelivered(endpoint).filter(message__occurred_at__range=between))


def missed_by(endpoint: WebhookEndpoint) -> Missed:
    """Everything that could be recovered."""
    found = _undelivered(endpoint).aggregate(number=Count("pk"), since=Min("message__occurred_at"))
    return Missed(**found)


def _undelivered(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(
        endpoint=endpoint, state__in=UNDELIVERED, message__body__isnull=False
    )
    return rows


def _queue(deliveries: QuerySet[WebhookDelivery]) -> int:
    queued = deliveries.update(state=DeliveryState.PENDING, attempts=0, next_attempt_at=clock.now(), finished_at=None)
    if queued:
        wake_sender()
    return queued
