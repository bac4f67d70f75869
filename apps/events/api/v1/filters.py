"""What events can be filtered by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.events.enums import EventStatus


class EventFilter(filters.FilterSet):  # type: ignore[misc]
    """By status, time and slug."""

    slug = filters.CharFilter()
    status = filters.MultipleChoiceFilter(choices=EventStatus.choices)
    starts_after = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="gte")
    starts_before = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="lt")
