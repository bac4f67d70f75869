"""Filters of the outbox."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from apps.core.outbox.models import STATES, MessageState, OutboxMessage


class OutboxFilter(filters.FilterSet):  # type: ignore[misc]
    """By state, type, subject and story."""

    state = filters.MultipleChoiceFilter(choices=MessageState.choices, method="in_states")
    type = filters.CharFilter(help_text="Such as `contest.published`.")
    subject = filters.CharFilter(help_text="Such as `contest/<id>`.")
    correlation_id = filters.CharFilter()

    class Meta:
        model = OutboxMessage
        fields: list[str] = []

    def in_states(self, queryset: QuerySet[OutboxMessage], name: str, values: list[Any]) -> QuerySet[OutboxMessage]:
        """Any of these states."""
        condition = Q()
        for value in values:
            condition |= STATES[MessageState(value)]
        return queryset.filter(condition)
