"""Operators' overrides, and the page of all breakers with its buttons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.core.access import Capability
from apps.core.errors import PodiumError
from apps.core.softdelete.admin import SoftDeleteAdmin, access_of
from apps.core.softdelete.editing import VersionedForm
from apps.resilience import selectors, services
from apps.resilience.config import Mode
from apps.resilience.defaults import registry
from apps.resilience.models import ServicePolicy
from apps.resilience.overrides import NUMBERS

CHANGELIST = "admin:resilience_circuit_changelist"
QUESTIONS = {
    "reset": "Close the circuit “{}” and forget its failures?",
    "force-open": "Force the circuit “{}” open?",
    "monitor": "Let every call of “{}” through and only watch?",
    "enforce": "Let the circuit “{}” refuse calls again?",
}
EFFECTS = {
    "reset": "Every process calls the service again within a second. A forced opening is taken back.",
    "force-open": "Every process refuses every call within a second, until somebody resets the circuit.",
    "monitor": "Failures are counted and reported, and nothing is refused.",
    "enforce": "Calls are refused while the circuit is open, as the settings say.",
}


class ServicePolicyForm(VersionedForm):
    """Only services that exist, and only numbers that can work together."""

    class Meta:
        model = ServicePolicy
        fields = ("service", "mode", *NUMBERS, "reason")

    def clean(self) -> dict[str, Any]:
        """Refuse before any process sees it."""
        values = super().clean()
        if not self.errors:
            try:
                services.check_numbers(ServicePolicy(**{name: values[name] for name in self.Meta.fields}))
            except PodiumError as error:
                raise forms.ValidationError(error.detail) from error
        return values


class ServicePolicyAdmin(SoftDeleteAdmin):
    """What operators changed while everything runs; deleting a row falls back to the settings."""

    capability = Capability.OPERATE
    form = ServicePolicyForm
    list_display = ["service", "mode", "failure_threshold", "recovery_timeout", "reason", "updated_at"]
    list_filter = ["mode"]
    search_fields = ["service", "reason"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return access_of(request).allows(Capability.OPERATE)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service, so that it is audited and told to all processes."""
        del change
        values = {name: form.cleaned_data[name] for name in ("mode", *NUMBERS)}
        saved = services.set_policy(
            service=obj.service, reason=obj.reason, actor_id=access_of(request).user_id, **values
        )
        obj.pk, obj.version, obj._state.adding = saved.pk, saved.version, False

    def get_custom_urls(self) -> tuple[Any, ...]:
        """The page of all breakers hangs here, since circuits have no table."""
        return (
            ("circuits/", "resilience_circuit_changelist", self.circuits_view),
            ("circuits/<str:name>/<str:action>/", "resilience_circuit_action", self.action_view),
        )

    def circuits_view(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Every circuit that the caller may see, with its last minute and its buttons."""
        del kwargs
        access = access_of(request)
        if not access.allows(Capability.VIEW):
            raise PermissionDenied
        circuits = selectors.list_circuits(access)
        context = {
            **self.admin_site.each_context(request),
            "title": "Circuit breakers",
            "opts": self.opts,
            "health": selectors.health_of_all(),
            "circuits": [(view, selectors.drawing_of(view.name)) for view in circuits.values()],
            "may_operate": access.allows(Capability.OPERATE),
            "forced": Mode.FORCED_OPEN,
            "monitor": Mode.MONITOR,
        }
        return TemplateResponse(request, "resilience/circuits.html", context)

    def action_view(self, request: HttpRequest, name: str, action: str, **kwargs: Any) -> HttpResponse:
        """Ask for the reason, then do it."""
        del kwargs
        access = access_of(request)
        if not access.allows(Capability.OPERATE) or action not in QUESTIONS:
            raise PermissionDenied
        if request.method == "POST":
            try:
                self._act(action, name=name, reason=request.POST.get("reason", ""), actor_id=access.user_id)
            except PodiumError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"Done: {EFFECTS[action]}")
                return HttpResponseRedirect(reverse(CHANGELIST))
        context = {
            **self.admin_site.each_context(request),
            "title": QUESTIONS[action].format(name),
            "effect": EFFECTS[action],
            "danger": action == "force-open",
            "opts": self.opts,
            "back": reverse(CHANGELIST),
        }
        return TemplateResponse(request, "resilience/action.html", context)

    def _act(self, action: str, *, name: str, reason: str, actor_id: Any) -> None:
        registry().get(name)
        if action == "reset":
            services.reset_circuit(service=name, reason=reason, actor_id=actor_id)
        else:
            mode = Mode.FORCED_OPEN if action == "force-open" else Mode(action)
            services.set_policy(service=name, reason=reason, actor_id=actor_id, mode=mode)
