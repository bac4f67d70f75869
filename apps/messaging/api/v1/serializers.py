"""Messages of the outbox as JSON."""

from __future__ import annotations

from rest_framework import serializers

from apps.core.outbox.models import MessageState, OutboxMessage
from apps.core.rest.serializers import PodiumModelSerializer


class OutboxMessageSerializer(PodiumModelSerializer):
    """A message on its way from a change to those who hear of it."""

    state = serializers.ChoiceField(choices=MessageState.choices, read_only=True)

    class Meta:
        model = OutboxMessage
        fields = (
            "id",
            "organization_id",
            "type",
            "subject",
            "sequence",
            "data",
            "state",
            "attempts",
            "last_error",
            "correlation_id",
            "actor_id",
            "created_at",
            "retry_at",
            "parked_at",
            "published_at",
        )
        read_only_fields = fields
