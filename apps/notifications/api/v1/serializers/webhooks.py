"""Endpoints, deliveries and attempts as JSON."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer
from apps.notifications.enums import DisabledReason, EndpointState
from apps.notifications.models import DeliveryAttempt, WebhookDelivery, WebhookEndpoint

MOST_TYPES = 50
MOST_HEADERS = 20
FASTEST = 1000


class HeadersField(serializers.DictField):
    """Names and values; encrypted at rest."""

    child = serializers.CharField(max_length=2000)

    def to_representation(self, value: Any) -> dict[str, str]:
        """Opened for those who may see endpoints at all; none where the key is lost."""
        opened: dict[str, str] = value.open_or({})
        return opened

    def to_internal_value(self, data: Any) -> Any:
        headers = super().to_internal_value(data)
        if len(headers) > MOST_HEADERS:
            raise serializers.ValidationError(f"At most {MOST_HEADERS} headers.", "too_many")
        return headers


class WebhookEndpointSerializer(PodiumModelSerializer):
    """An address that is told of events. Its secret is shown once: when it is made, and when it is rotated."""

    url = serializers.HyperlinkedIdentityField(view_name="notifications:webhook-endpoint-detail")
    target_url = serializers.CharField(
        max_length=2000, help_text="Where messages are posted to: public, and `https`."
    )
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=100),
        min_length=1,
        max_length=MOST_TYPES,
        required=False,
        help_text="Event types; `*` stands for any part: `contest.*`. Everything when left out.",
    )
    state = serializers.ChoiceField(choices=EndpointState.choices, required=False)
    rate_limit = serializers.IntegerField(
        min_value=1, max_value=FASTEST, required=False, allow_null=True, help_text="Messages a second at most."
    )
    disabled_reason = serializers.ChoiceField(
        choices=[("", "It is enabled"), *DisabledReason.choices], read_only=True
    )
    headers = HeadersField(required=False, help_text="Headers that go along, such as `Authorization`.")

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "url",
            "target_url",
            "description",
            "event_types",
            "state",
            "disabled_reason",
            "rate_limit",
            "headers",
            "failing_since",
            "paused_until",
            "created_by",
            "created_at",
            "updated_at",
            "version",
        ]
        read_only_fields = [
            "id",
            "disabled_reason",
            "failing_since",
            "paused_until",
            "created_by",
            "created_at",
            "updated_at",
            "version",
        ]


class NewWebhookEndpointSerializer(WebhookEndpointSerializer):
    """An endpoint with its secret: shown now, and never again."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookEndpointSerializer.Meta):
        fields = [*WebhookEndpointSerializer.Meta.fields, "secret"]


class RotationSerializer(StrictSerializer):
    """What becomes of the secrets before the new one."""

    revoke_others = serializers.BooleanField(
        default=False, help_text="None of them signs any more, as one that has leaked should not."
    )


class SecretSerializer(StrictSerializer):
    """A new secret: shown now, and never again."""

    secret = serializers.CharField(read_only=True)


class RecoverSerializer(StrictSerializer):
    """Which time to recover."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False, help_text="Now when left out.")


class RecoveredSerializer(StrictSerializer):
    """What was put into the queue again."""

    deliveries = serializers.IntegerField()


class WebhookDeliverySerializer(PodiumModelSerializer):
    """One message on its way to one endpoint. `message` is the `webhook-id`, the same however often it is sent."""

    url = serializers.HyperlinkedIdentityField(view_name="notifications:webhook-delivery-detail")
    endpoint = serializers.UUIDField(source="endpoint_id", read_only=True)
    message = serializers.UUIDField(source="message_id", read_only=True)
    type = serializers.CharField(source="message.type", read_only=True)
    subject = serializers.CharField(source="message.subject", read_only=True)
    sequence = serializers.IntegerField(source="message.sequence", read_only=True)
    occurred_at = serializers.DateTimeField(source="message.occurred_at", read_only=True)
    correlation_id = serializers.CharField(source="message.correlation_id", read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "url",
            "endpoint",
            "message",
            "type",
            "subject",
            "sequence",
            "occurred_at",
            "correlation_id",
            "state",
            "attempts",
            "next_attempt_at",
            "last_status",
            "last_error",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class DeliveryAttemptSerializer(PodiumModelSerializer):
    """One request: the status and the first KiB of the answer, or why there was none."""

    class Meta:
        model = DeliveryAttempt
        fields = ["started_at", "duration_ms", "status", "error", "answer"]
        read_only_fields = fields


class WebhookDeliveryDetailSerializer(WebhookDeliverySerializer):
    """A delivery with its attempts, the newest first, and what is sent."""

    tries = DeliveryAttemptSerializer(many=True, read_only=True)
    payload = serializers.SerializerMethodField()

    class Meta(WebhookDeliverySerializer.Meta):
        fields = [*WebhookDeliverySerializer.Meta.fields, "tries", "payload"]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_payload(self, delivery: WebhookDelivery) -> Any:
        """The body; None once it is erased."""
        body = delivery.message.body
        return None if body is None else json.loads(bytes(body))
