"""What members can be filtered by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.accounts.enums import Role


class MembershipFilter(filters.FilterSet):  # type: ignore[misc]
    """By role."""

    role = filters.MultipleChoiceFilter(choices=Role.choices)
