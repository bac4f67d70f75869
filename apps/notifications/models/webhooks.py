"""Who is told by webhook, what they are told, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core import clock
from apps.core.access import Capability
from apps.core.encryption import SealedField, sealed_list, sealed_object
from apps.core.ids import new_id
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index
from apps.core.versions import ScopedManager
from apps.notifications.enums import DeliveryState, DisabledReason, EndpointState

LONGEST_URL = 2000


def every_type() -> list[str]:
    """The filter that lets everything pass."""
    return ["*"]


class WebhookEndpoint(OrganizationModel):
    """An address that is told of an organization's events.

    `event_types` are patterns such as `contest.*`. `secrets` hold `[{"secret": "whsec_…", "expires_at": null}]`,
    the newest first; `headers` names and values. `failing_since` is the first failure after the last success.
    Nothing is sent before `paused_until`: its circuit is open, or it asked for a pause. `paced_until` is how far its
    `rate_limit` (messages a second) is used up.
    """

    target_url = models.CharField(max_length=LONGEST_URL)
    description = models.CharField(max_length=500, blank=True)
    event_types = models.JSONField(default=every_type)
    state = models.CharField(max_length=10, choices=EndpointState.choices, default=EndpointState.ENABLED)
    disabled_reason = models.CharField(max_length=12, choices=DisabledReason.choices, blank=True, editable=False)
    rate_limit = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    headers = SealedField(default=sealed_object)
    secrets = SealedField(default=sealed_list)
    created_by = models.UUIDField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    paced_until = models.DateTimeField(null=True, editable=False)

    deletion_capability: ClassVar[Capability] = Capability.MANAGE_WEBHOOKS
    impersonal_fields: ClassVar[tuple[str, ...]] = ("target_url", "description", "event_types")
    masked_fields: ClassVar[tuple[str, ...]] = ("headers", "secrets")
    silent_fields: ClassVar[tuple[str, ...]] = ("failing_since", "paused_until", "paced_until")

    class Meta:
        verbose_name = "webhook endpoint"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=EndpointState.ENABLED, disabled_reason="")
                | (Q(state=EndpointState.DISABLED) & ~Q(disabled_reason="")),
                name="webhook_endpoint_disabled_for_a_reason",
            ),
        ]
        indexes = [
            # the list, newest first; the fan-out
            live_index("organization", "-id", name="webhook_endpoint_list"),
        ]

    def __str__(self) -> str:
        return self.target_url


class WebhookMessage(models.Model):
    """One message as it is sent to every endpoint that wants it: `id` is the outbox message's, and the `webhook-id`.

    `body` holds the very bytes that are signed, so that sending again sends the same; it is None once the payload was
    erased. `sequence` counts a subject's messages from 1.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", editable=False
    )
    type = models.CharField(max_length=100, editable=False)
    subject = models.CharField(max_length=200, editable=False)
    sequence = models.PositiveBigIntegerField(editable=False)
    occurred_at = models.DateTimeField(editable=False)
    body = models.BinaryField(null=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    traceparent = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [
            # what is old enough to be forgotten
            models.Index(fields=["created_at"], name="webhook_message_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class WebhookDelivery(models.Model):
    """One message on its way to one endpoint.

    A worker claims it by writing a `lease` and a `next_attempt_at` at which the lease is over: if the worker is
    killed, the delivery is due again then. `attempts` were made since it was last put into the queue.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, default=clock.now, editable=False)
    lease = models.UUIDField(null=True, editable=False)
    last_status = models.PositiveSmallIntegerField(null=True, editable=False)
    last_error = models.CharField(max_length=30, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = ScopedManager()
    of_all_organizations: ClassVar[models.Manager[WebhookDelivery]] = models.Manager()

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        ordering = ["-id"]
        constraints = [
            # the relay may tell of a message twice; also finds an endpoint's deliveries
            models.UniqueConstraint(fields=["endpoint", "message"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.PENDING, next_attempt_at__isnull=False, finished_at__isnull=True)
                | (
                    ~Q(state=DeliveryState.PENDING)
                    & Q(next_attempt_at__isnull=True, finished_at__isnull=False, lease__isnull=True)
                ),
                name="webhook_delivery_pending_or_finished",
            ),
        ]
        indexes = [
            # claims: what is due, endpoint by endpoint
            models.Index(
                fields=["endpoint", "next_attempt_at"], name="webhook_delivery_due", condition=Q(state="pending")
            ),
            # the list, newest first
            models.Index(fields=["organization_id", "-id"], name="webhook_delivery_list"),
        ]

    def __str__(self) -> str:
        return f"{self.message.type} to {self.endpoint.target_url}"


class DeliveryAttempt(models.Model):
    """One request: when, for how long, and the status and the first KiB of the answer, or why there was none."""

    organization_id = models.UUIDField(editable=False)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries", db_index=False)
    started_at = models.DateTimeField(editable=False)
    duration_ms = models.PositiveIntegerField(editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    error = models.CharField(max_length=30, blank=True, editable=False)
    answer = models.TextField(blank=True, editable=False)

    objects = ScopedManager()
    of_all_organizations: ClassVar[models.Manager[DeliveryAttempt]] = models.Manager()

    class Meta:
        verbose_name = "delivery attempt"
        ordering = ["-id"]
        indexes = [
            # a delivery's attempts
            models.Index(fields=["delivery", "-id"], name="delivery_attempt_list"),
            # what is old enough to be forgotten: rows lie in the order of their time
            BrinIndex(fields=["started_at"], name="delivery_attempt_age"),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {self.status or self.error}"
