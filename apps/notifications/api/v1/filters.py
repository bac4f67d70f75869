"""What endpoints, deliveries and mails can be filtered by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.notifications.enums import DeliveryState, EndpointState, MailKind, MailState


class WebhookEndpointFilter(filters.FilterSet):  # type: ignore[misc]
    """By state."""

    state = filters.ChoiceFilter(choices=EndpointState.choices)


class WebhookDeliveryFilter(filters.FilterSet):  # type: ignore[misc]
    """By endpoint, state, message, story and time."""

    endpoint = filters.UUIDFilter(field_name="endpoint_id")
    state = filters.MultipleChoiceFilter(choices=DeliveryState.choices)
    message = filters.UUIDFilter(field_name="message_id", label="The `webhook-id`")
    type = filters.CharFilter(field_name="message__type", label="The event's type")
    subject = filters.CharFilter(field_name="message__subject", label="What it is about: `contest/<id>`")
    correlation_id = filters.CharFilter(field_name="message__correlation_id")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")


class EmailMessageFilter(filters.FilterSet):  # type: ignore[misc]
    """By kind, state, recipient, event, story and time."""

    kind = filters.ChoiceFilter(choices=MailKind.choices)
    state = filters.MultipleChoiceFilter(choices=MailState.choices)
    recipient = filters.CharFilter(lookup_expr="iexact")
    message = filters.UUIDFilter(field_name="message_id", label="The event's id")
    correlation_id = filters.CharFilter()
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")


class SuppressedAddressFilter(filters.FilterSet):  # type: ignore[misc]
    """By address."""

    address = filters.CharFilter(lookup_expr="iexact")
