"""The history of circuits, to be read only."""

from __future__ import annotations

from unfold.decorators import display

from apps.core.operators import OperatorsRecordsAdmin
from apps.resilience.models import CircuitTransition

COLORS = {"Closed": "success", "Half-open": "warning", "Open": "danger"}


class CircuitTransitionAdmin(OperatorsRecordsAdmin):
    """Transitions and operators' actions, newest first, for platform staff."""

    list_display = ["occurred_at", "circuit_name", "came_from", "went_to", "cause", "action", "failure_count"]
    list_filter = ["circuit_name", "target", "scope", "action", "occurred_at"]
    search_fields = ["circuit_name", "cause", "last_error", "correlation_id"]

    @display(description="From", ordering="source", label=COLORS)  # type: ignore[untyped-decorator]
    def came_from(self, row: CircuitTransition) -> str:
        """The state before."""
        return row.get_source_display()

    @display(description="To", ordering="target", label=COLORS)  # type: ignore[untyped-decorator]
    def went_to(self, row: CircuitTransition) -> str:
        """The state after."""
        return row.get_target_display()
