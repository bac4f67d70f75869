"""Filters of the recycle bin."""

from __future__ import annotations

import django_filters

from apps.core.audit.models import AuditAction, AuditRecord
from apps.core.softdelete.models import Deletion, DeletionState


class DeletionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By type, state, person and time."""

    type = django_filters.CharFilter(field_name="root_model", help_text="Such as `events.event`.")
    state = django_filters.MultipleChoiceFilter(choices=DeletionState.choices)
    deleted_by = django_filters.UUIDFilter()
    root_id = django_filters.UUIDFilter()
    legal_hold = django_filters.BooleanFilter()
    deleted_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    deleted_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    expires_before = django_filters.IsoDateTimeFilter(field_name="expires_at", lookup_expr="lt")

    class Meta:
        model = Deletion
        fields: list[str] = []


class HistoryFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By thing, person, action and story."""

    model = django_filters.CharFilter(help_text="Such as `contests.score`.")
    row_id = django_filters.UUIDFilter()
    deletion_id = django_filters.UUIDFilter()
    actor_id = django_filters.UUIDFilter()
    correlation_id = django_filters.CharFilter()
    action = django_filters.MultipleChoiceFilter(choices=AuditAction.choices)
    after = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditRecord
        fields: list[str] = []
