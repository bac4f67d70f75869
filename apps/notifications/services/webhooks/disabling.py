"""Endpoints that are not sent to any more: their queues end with them, and who owns them is told."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from apps.accounts.models import Membership
from apps.core import clock
from apps.core.outbox.services import DomainEvent, emit_many
from apps.core.softdelete.hooks import Affected
from apps.core.tenancy import platform_scope
from apps.notifications.enums import DeliveryState, DisabledReason, EndpointState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint


@transaction.atomic
def disable_endpoints(*, ids: Iterable[UUID], reason: DisabledReason) -> list[WebhookEndpoint]:
    """Disable those of the endpoints that are enabled, cancel what waits for them, and tell of it by an event.

    Returns:
        those that were disabled now.
    """
    rows = WebhookEndpoint.objects.filter(pk__in=sorted(ids), state=EndpointState.ENABLED)
    going = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if not going:
        return []
    keys = [endpoint.pk for endpoint in going]
    WebhookEndpoint.objects.filter(pk__in=keys).update(
        state=EndpointState.DISABLED, disabled_reason=reason, updated_at=clock.now()
    )
    cancel_deliveries(WebhookDelivery.of_all_organizations.filter(endpoint_id__in=keys))
    emit_many(
        [
            DomainEvent(
                "webhook_endpoint.disabled",
                f"webhookendpoint/{endpoint.pk}",
                endpoint.organization_id,
                {
                    "webhook_endpoint_id": str(endpoint.pk),
                    "reason": reason.value,
                    "failing_since": endpoint.failing_since and endpoint.failing_since.isoformat(),
                },
            )
            for endpoint in going
        ]
    )
    return going


def cancel_deliveries(deliveries: QuerySet[WebhookDelivery]) -> int:
    """End what is pending of these. An attempt that is under way can't be called back; its result changes nothing."""
    return deliveries.filter(state=DeliveryState.PENDING).update(
        state=DeliveryState.CANCELLED, next_attempt_at=None, lease=None, finished_at=clock.now()
    )


def stop_sending(affected: Affected) -> None:
    """Hook `rows_deleted`: deleted endpoints and organizations, and endpoints of people who left, are silent at once.

    A restore brings the endpoints back disabled.
    """
    ids = list(affected.rows(WebhookEndpoint).values_list("pk", flat=True))
    if ids:
        WebhookEndpoint._base_manager.filter(pk__in=ids, state=EndpointState.ENABLED).update(
            state=EndpointState.DISABLED, disabled_reason=DisabledReason.DELETED, version=F("version") + 1
        )
        cancel_deliveries(WebhookDelivery.of_all_organizations.filter(endpoint_id__in=ids))
    left = Q()
    for organization_id, person_id in affected.rows(Membership).values_list("organization_id", "user_id"):
        left |= Q(organization_id=organization_id, created_by=person_id)
    if left:
        with platform_scope("people leave by deletions of several kinds"):
            theirs = WebhookEndpoint.objects.filter(left).values_list("pk", flat=True)
            disable_endpoints(ids=list(theirs), reason=DisabledReason.PERSON_LEFT)
