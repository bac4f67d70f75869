"""Webhook endpoints in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.access import Capability
from apps.core.errors import Invalid
from apps.core.softdelete.admin import OrganizationOwnedAdmin, access_of
from apps.core.softdelete.editing import VersionedForm
from apps.notifications.admin.steps import Question, ask
from apps.notifications.enums import EndpointState
from apps.notifications.models import WebhookEndpoint
from apps.notifications.services.webhooks.endpoints import (
    check_fields,
    create_endpoint,
    rotate_secret,
    send_test,
    update_endpoint,
)
from apps.notifications.services.webhooks.redelivery import missed_by, recover

STATES = {EndpointState.ENABLED.label: "success", EndpointState.DISABLED.label: "danger"}
SHOWN_ONCE = "Its secret is {}. Copy it now: it is not shown again."


class PatternsField(forms.CharField):
    """Event types, one a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 5, "class": "font-mono", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


class EndpointForm(VersionedForm):
    """An endpoint; its headers and secrets are set over the API and by the buttons."""

    event_types = PatternsField(help_text="One a line; * stands for any part: contest.*", initial=["*"])

    class Meta:
        model = WebhookEndpoint
        fields = ("target_url", "description", "event_types", "state", "rate_limit")
        labels: ClassVar[dict[str, str]] = {"target_url": "URL"}
        help_texts: ClassVar[dict[str, str]] = {
            "target_url": "Where messages are posted to: public, and https. Headers are set over the API.",
            "state": "Disabling cancels what waits; enabling sends nothing old: “Recover” does.",
            "rate_limit": "Messages a second, at most. Empty for no limit.",
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        for name in ("target_url", "event_types"):
            if name in values:
                try:
                    check_fields({name: values[name]})
                except Invalid as error:
                    self.add_error(name, ValidationError([one.detail for one in error.errors]))
        return values


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(OrganizationOwnedAdmin):
    """Addresses that are told of events."""

    capability: ClassVar[Capability] = Capability.MANAGE_WEBHOOKS
    form = EndpointForm
    list_display = ["target_url", "description", "badge", "why_disabled", "failing_since", "created_at"]
    list_filter = ["state"]
    list_fullwidth = True
    search_fields = ["target_url", "description"]
    ordering = ["-id"]
    readonly_fields = ["why_disabled", "failing_since", "paused_until", "deliveries"]
    fields = [*EndpointForm.Meta.fields, *readonly_fields]
    actions_detail = ["send_test", "recover", "new_secret", "revoke_secrets"]

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return access_of(request).allows(self.capability, obj)

    def has_step_permission(self, request: HttpRequest, endpoint: WebhookEndpoint) -> bool:
        """Whether the buttons are for this caller."""
        return self.has_change_permission(request, endpoint)

    @display(description="State", ordering="state", label=STATES)  # type: ignore[untyped-decorator]
    def badge(self, endpoint: WebhookEndpoint) -> str:
        """The state, as a badge."""
        return endpoint.get_state_display()

    @admin.display(description="Why disabled")
    def why_disabled(self, endpoint: WebhookEndpoint) -> str:
        """In words."""
        return endpoint.get_disabled_reason_display() if endpoint.disabled_reason else ""

    @admin.display(description="Deliveries")
    def deliveries(self, endpoint: WebhookEndpoint) -> SafeString | str:
        """Where its messages are listed."""
        if endpoint._state.adding:
            return ""
        listed = reverse("admin:notifications_webhookdelivery_changelist")
        return format_html('<a class="underline" href="{}?endpoint__id__exact={}">Show them</a>', listed, endpoint.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the services, as the API does."""
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in EndpointForm.Meta.fields}
        if change:
            rows = WebhookEndpoint.objects.select_for_update(of=("self",))  # senders write on it too
            update_endpoint(endpoint=rows.get(pk=obj.pk), **values)
            return
        access = access_of(request)
        made, secret = create_endpoint(
            organization_id=access.organization_id,  # type: ignore[arg-type]  # has_add_permission asks for it
            created_by=access.user_id,
            **{"target_url": obj.target_url, **values},
        )
        obj.pk, obj.organization_id = made.pk, made.organization_id
        messages.warning(request, SHOWN_ONCE.format(secret))

    @action(description="Send a test", icon="send")  # type: ignore[untyped-decorator]
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A `webhook.test`, now."""
        return ask(self, request, object_id, _test)

    @action(description="Recover", icon="replay")  # type: ignore[untyped-decorator]
    def recover(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Everything that was not delivered, again."""
        return ask(self, request, object_id, _recover)

    @action(description="New secret", icon="key")  # type: ignore[untyped-decorator]
    def new_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Another secret; the one before signs for another day."""
        return ask(self, request, object_id, _rotate)

    @action(description="Revoke secrets", icon="key_off")  # type: ignore[untyped-decorator]
    def revoke_secrets(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Another secret in place of all; for one that has leaked."""
        return ask(self, request, object_id, _revoke)


def _test(endpoint: WebhookEndpoint) -> Question:
    def run() -> str:
        send_test(endpoint=endpoint)
        return "A test message is on its way; see the deliveries for what came of it."

    return Question("Send a test message?", endpoint.target_url, "Yes, send it", run)


def _recover(endpoint: WebhookEndpoint) -> Question:
    missed = missed_by(endpoint)

    def run() -> str:
        number = recover(endpoint=endpoint, since=missed.since) if missed.since else 0
        return f"On their way again: {number}."

    text = f"{endpoint.target_url} has missed nothing that could be sent again."
    if missed.since:
        text = (
            f"{endpoint.target_url} has missed {missed.number} since {missed.since:%Y-%m-%d %H:%M} UTC: failed, or "
            "cancelled. A shorter time can be recovered over the API."
        )
    return Question("Send again what was not delivered?", text, "Yes, send it again" if missed.since else "", run)


def _rotate(endpoint: WebhookEndpoint) -> Question:
    def run() -> str:
        return SHOWN_ONCE.format(rotate_secret(endpoint=endpoint))

    text = f"{endpoint.target_url}: for 24 hours the secret that it has now signs too."
    return Question("Give it a new secret?", text, "Yes, a new secret", run)


def _revoke(endpoint: WebhookEndpoint) -> Question:
    def run() -> str:
        return SHOWN_ONCE.format(rotate_secret(endpoint=endpoint, revoke_others=True))

    text = f"{endpoint.target_url}: what it has now signs no more, so it refuses messages until it has the new one."
    return Question("Has a secret leaked?", text, "Yes, revoke all and give it a new one", run, is_grave=True)
