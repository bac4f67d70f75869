"""How an event looks from outside."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer
from apps.events.models import Event


class EventSerializer(PodiumModelSerializer):
    """An event. Its status changes by transitions only."""

    url = serializers.HyperlinkedIdentityField(view_name="events:event-detail")
    slug = serializers.SlugField(
        max_length=80, required=False, help_text="Unique among live events; made from the name when left out."
    )

    class Meta:
        model = Event
        fields = [
            "id",
            "url",
            "name",
            "slug",
            "description",
            "venue",
            "timezone",
            "starts_at",
            "ends_at",
            "status",
            "created_at",
            "updated_at",
            "version",
        ]
        read_only_fields = ["id", "url", "status", "created_at", "updated_at", "version"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        starts = attrs.get("starts_at", getattr(self.instance, "starts_at", None))
        ends = attrs.get("ends_at", getattr(self.instance, "ends_at", None))
        if starts and ends and ends < starts:
            raise serializers.ValidationError(
                {"ends_at": [serializers.ErrorDetail("The event ends before it starts.", "ends_before_start")]}
            )
        return attrs


class CalendarLinkSerializer(StrictSerializer):
    """Where calendar programs fetch the event, without signing in."""

    url = serializers.URLField(help_text="Whoever has it sees the event's entry, until it is revoked.")
