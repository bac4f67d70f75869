"""What endpoints and deliveries can be filtered by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.notifications.enums import DeliveryState, EndpointState


class WebhookEndpointFilter(filters.FilterSet):  # type: ignore[misc]
    """By state."""

    state = filters.ChoiceFilter(choices=EndpointState.choices)


class WebhookDeliveryFilter(filters.FilterSet):  # type: ignore[misc]
    """By endpoint, state, message and time."""

    endpoint = filters.UUIDFilter(field_name="endpoint_id")
    state = filters.MultipleChoiceFilter(choices=DeliveryState.choices)
    message = filters.UUIDFilter(field_name="message_id", label="The `webhook-id`")
    type = filters.CharFilter(field_name="message__type", label="The event's type")
    subject = filters.CharFilter(field_name="message__subject", label="What it is about: `contest/<id>`")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
