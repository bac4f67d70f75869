"""Filters of the recycle bin."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.core.audit.models import AuditAction, AuditRecord
from apps.core.softdelete.models import Deletion, DeletionState


class DeletionFilter(filters.FilterSet):  # type: ignore[misc]
    """By type, state, person and time."""

    type = filters.CharFilter(field_name="root_model", help_text="Such as `events.event`.")
    state = filters.MultipleChoiceFilter(choices=DeletionState.choices)
    deleted_by = filters.UUIDFilter()
    root_id = filters.UUIDFilter()
    legal_hold = filters.BooleanFilter()
    deleted_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    deleted_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    expires_before = filters.IsoDateTimeFilter(field_name="expires_at", lookup_expr="lt")

    class Meta:
        model = Deletion
        fields: list[str] = []


class HistoryFilter(filters.FilterSet):  # type: ignore[misc]
    """By thing, person, action and story."""

    model = filters.CharFilter(help_text="Such as `contests.score`.")
    row_id = filters.UUIDFilter()
    deletion_id = filters.UUIDFilter()
    actor_id = filters.UUIDFilter()
    correlation_id = filters.CharFilter()
    action = filters.MultipleChoiceFilter(choices=AuditAction.choices)
    after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditRecord
        fields: list[str] = []
