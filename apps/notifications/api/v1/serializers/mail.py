"""Mails, suppressed addresses and switches as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer
from apps.notifications.enums import MailTopic
from apps.notifications.models import EmailMessage, SuppressedAddress


class EmailMessageSerializer(PodiumModelSerializer):
    """One mail to one address. `message` is the event that it follows from."""

    url = serializers.HyperlinkedIdentityField(view_name="notifications:email-detail")
    message = serializers.UUIDField(source="message_id", read_only=True)

    class Meta:
        model = EmailMessage
        fields = [
            "id",
            "url",
            "message",
            "kind",
            "topic",
            "recipient",
            "subject",
            "state",
            "attempts",
            "next_attempt_at",
            "last_code",
            "last_error",
            "account",
            "correlation_id",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class EmailMessageDetailSerializer(EmailMessageSerializer):
    """A mail with its words, for as long as they are kept. Secret links stand in them by name only."""

    class Meta(EmailMessageSerializer.Meta):
        fields = [*EmailMessageSerializer.Meta.fields, "text", "html"]
        read_only_fields = fields


class SuppressedAddressSerializer(PodiumModelSerializer):
    """An address that refused mail for good, and what the server said."""

    url = serializers.HyperlinkedIdentityField(view_name="notifications:suppressed-address-detail")

    class Meta:
        model = SuppressedAddress
        fields = ["id", "url", "address", "code", "reason", "created_at"]
        read_only_fields = fields


class SwitchesSerializer(StrictSerializer):
    """Which mails the caller gets from the organization; what is left out stays as it is."""

    judging = serializers.BooleanField(required=False, help_text=MailTopic.JUDGING.label)
    signing = serializers.BooleanField(required=False, help_text=MailTopic.SIGNING.label)
    results = serializers.BooleanField(required=False, help_text=f"{MailTopic.RESULTS.label}; off at first.")
    deletions = serializers.BooleanField(required=False, help_text=MailTopic.DELETIONS.label)
    webhooks = serializers.BooleanField(required=False, help_text=MailTopic.WEBHOOKS.label)

    def to_internal_value(self, data: Any) -> dict[MailTopic, bool]:
        """By topic."""
        return {MailTopic(name): is_on for name, is_on in super().to_internal_value(data).items()}
