"""Webhook endpoints in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
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
    fields = ["target_url", "description", "event_types", "state", "rate_limit", "why_disabled", "failing_since"]
    readonly_fields = ["why_disabled", "failing_since"]
    actions_detail = ["send_test", "new_secret"]

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
        return self._step(request, object_id, "Send a test message?", "Yes, send it", _test)

    @action(description="New secret", icon="key")  # type: ignore[untyped-decorator]
    def new_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Another secret; the one before signs for another day."""
        return self._step(request, object_id, "Give it a new secret?", "Yes, a new secret", _rotate)

    def _step(self, request: HttpRequest, object_id: str, title: str, button: str, run: Any) -> HttpResponse:
        def question(endpoint: WebhookEndpoint) -> Question:
            return Question(title, endpoint.target_url, button, lambda: run(endpoint))

        return ask(self, request, object_id, question)


def _test(endpoint: WebhookEndpoint) -> str:
    send_test(endpoint=endpoint)
    return "A test message is on its way; see the deliveries for what came of it."


def _rotate(endpoint: WebhookEndpoint) -> str:
    return SHOWN_ONCE.format(rotate_secret(endpoint=endpoint))
