"""The history of circuits, to be read only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.decorators import display

from apps.core.access import Capability
from apps.core.softdelete.admin import access_of
from apps.core.softdelete.editing import FoundAdmin
from apps.resilience.models import CircuitTransition

COLORS = {"Closed": "success", "Half-open": "warning", "Open": "danger"}


class CircuitTransitionAdmin(FoundAdmin):
    """Transitions and operators' actions, newest first, for platform staff."""

    list_display = ["occurred_at", "circuit_name", "came_from", "went_to", "cause", "action", "failure_count"]
    list_filter = ["circuit_name", "target", "scope", "action", "occurred_at"]
    search_fields = ["circuit_name", "cause", "last_error", "correlation_id"]
    list_fullwidth = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: CircuitTransition | None = None) -> bool:
        del obj
        return access_of(request).allows(Capability.OPERATE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    @display(description="From", ordering="source", label=COLORS)  # type: ignore[untyped-decorator]
    def came_from(self, row: CircuitTransition) -> str:
        """The state before."""
        return row.get_source_display()

    @display(description="To", ordering="target", label=COLORS)  # type: ignore[untyped-decorator]
    def went_to(self, row: CircuitTransition) -> str:
        """The state after."""
        return row.get_target_display()
