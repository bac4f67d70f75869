"""Webhook deliveries in the admin: what was sent, what came of it, and the button that sends it again."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action, display

from apps.core.each import do_each
from apps.core.softdelete.editing import FoundAdmin
from apps.notifications.admin.reading import ReadOnly
from apps.notifications.admin.steps import Question, ask
from apps.notifications.enums import DeliveryState
from apps.notifications.models import DeliveryAttempt, WebhookDelivery
from apps.notifications.services.webhooks.redelivery import redeliver

STATES = {
    DeliveryState.PENDING.label: "info",
    DeliveryState.DELIVERED.label: "success",
    DeliveryState.FAILED.label: "danger",
    DeliveryState.CANCELLED.label: "warning",
}
TEXT = '<code class="break-all font-mono text-xs">{}</code>'


class AttemptInline(ReadOnly, TabularInline):  # type: ignore[misc]
    """A delivery's attempts, the newest first."""

    model = DeliveryAttempt
    verbose_name_plural = "Attempts"
    fields = ["started_at", "duration_ms", "status", "error", "answer"]
    readonly_fields = fields
    ordering = ["-id"]
    extra = 0


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnly, FoundAdmin):
    """Every request, the newest first."""

    list_display = ["started_at", "endpoint", "status", "error", "duration_ms"]
    list_filter = ["status", "error", "started_at"]
    list_select_related = ["delivery__endpoint"]
    ordering = ["-id"]
    fields = ["started_at", "duration_ms", "status", "error", "answer"]

    @admin.display(description="Endpoint")
    def endpoint(self, attempt: DeliveryAttempt) -> str:
        """Where it went."""
        return attempt.delivery.endpoint.target_url


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly, FoundAdmin):
    """Messages on their way; those that failed are the dead letters."""

    list_display = ["created_at", "type", "endpoint_url", "badge", "attempts", "last_status", "next_attempt_at"]
    list_filter = ["state", "last_error", "created_at"]
    list_select_related = ["message", "endpoint"]
    list_fullwidth = True
    search_fields = ["message__type", "message__subject", "message__correlation_id", "endpoint__target_url"]
    ordering = ["-id"]
    fields = [
        ("type", "badge"),
        ("subject", "sequence"),
        ("endpoint_url", "endpoint_paused"),
        ("webhook_id", "correlation_id"),
        ("attempts", "next_attempt_at"),
        ("last_status", "last_error"),
        ("created_at", "finished_at"),
        "payload",
    ]
    inlines = [AttemptInline]
    actions = ["redeliver_selected"]
    actions_detail = ["send_again"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[WebhookDelivery]:
        """Those of live endpoints, in the scope."""
        rows: models.QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(endpoint__deleted_at__isnull=True)
        return rows.select_related("message", "endpoint")

    def has_step_permission(self, request: HttpRequest, delivery: WebhookDelivery) -> bool:
        """Whether the button is for this caller."""
        return self.has_view_permission(request, delivery)

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may send again."""
        return self.has_view_permission(request)

    @display(description="State", ordering="state", label=STATES)  # type: ignore[untyped-decorator]
    def badge(self, delivery: WebhookDelivery) -> str:
        """The state, as a badge."""
        return delivery.get_state_display()

    @admin.display(description="Type", ordering="message__type")
    def type(self, delivery: WebhookDelivery) -> str:
        """The event's."""
        return delivery.message.type

    @admin.display(description="Subject")
    def subject(self, delivery: WebhookDelivery) -> str:
        """What it is about."""
        return delivery.message.subject

    @admin.display(description="Sequence")
    def sequence(self, delivery: WebhookDelivery) -> int:
        """Its place among the subject's messages."""
        return delivery.message.sequence

    @admin.display(description="Endpoint")
    def endpoint_url(self, delivery: WebhookDelivery) -> str:
        """Where it goes."""
        return delivery.endpoint.target_url

    @admin.display(description="Endpoint paused until")
    def endpoint_paused(self, delivery: WebhookDelivery) -> datetime | None:
        """Until when all its messages wait: its circuit is open, or it asked for a pause."""
        return delivery.endpoint.paused_until

    @admin.display(description="webhook-id")
    def webhook_id(self, delivery: WebhookDelivery) -> str:
        """What the receiver knows it by."""
        return str(delivery.message_id)

    @admin.display(description="Correlation ID")
    def correlation_id(self, delivery: WebhookDelivery) -> str:
        """The story that it is part of."""
        return delivery.message.correlation_id

    @admin.display(description="Payload")
    def payload(self, delivery: WebhookDelivery) -> SafeString | str:
        """The very text that is signed."""
        body = delivery.message.body
        return "Erased" if body is None else format_html(TEXT, bytes(body).decode())

    @action(description="Send again", icon="replay")  # type: ignore[untyped-decorator]
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The very same message, under the same id."""
        return ask(self, request, object_id, _again)

    @admin.action(description="Send selected deliveries again", permissions=["redeliver"])
    def redeliver_selected(self, request: HttpRequest, queryset: models.QuerySet[WebhookDelivery]) -> None:
        """Each that is finished and whose payload is there."""
        do_each(
            request,
            queryset,
            lambda delivery: redeliver(delivery_id=delivery.pk),
            done="On their way again",
            name=lambda delivery: delivery.message.type,
        )


def _again(delivery: WebhookDelivery) -> Question:
    def run() -> str:
        redeliver(delivery_id=delivery.pk)
        return "It is on its way again."

    text = f"{delivery.message.type} to {delivery.endpoint.target_url}, the same bytes under the same id."
    return Question("Send this again?", text, "Yes, send it again", run)
