"""What datasets can be filtered by."""

from __future__ import annotations

from django_filters import rest_framework as filters


class DatasetFilter(filters.FilterSet):  # type: ignore[misc]
    """By slug, tag, owner and time."""

    slug = filters.CharFilter()
    tag = filters.CharFilter(field_name="tags", lookup_expr="contains", label="Has this tag")
    owner = filters.UUIDFilter(field_name="owner_id")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
