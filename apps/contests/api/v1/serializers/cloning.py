"""What a copy is to be."""

from __future__ import annotations

from typing import Any

from django.db import models
from rest_framework import serializers

from apps.contests.api.v1.serializers.structure import SLUG
from apps.core.rest.serializers import StrictSerializer
from apps.events.models import Event

PANELS = "Copy the judges' seats too."


class EventField(serializers.PrimaryKeyRelatedField[Event]):
    """An event of the organization in scope: other people's look like none."""

    def get_queryset(self) -> models.QuerySet[Event]:
        events: models.QuerySet[Event] = Event.objects.all()
        return events


class ContestCloneSerializer(StrictSerializer):
    """A copy of a contest. What is left out is the original's."""

    event = EventField(queryset=Event._base_manager.none(), required=False)
    name = serializers.CharField(max_length=200, required=False)
    slug = serializers.SlugField(max_length=80, required=False, help_text=SLUG)
    panels = serializers.BooleanField(default=False, help_text=PANELS)


class EventCloneSerializer(StrictSerializer):
    """A copy of an event. It has no times but those that are given here."""

    name = serializers.CharField(max_length=200)
    slug = serializers.SlugField(max_length=80, required=False, help_text=SLUG)
    starts_at = serializers.DateTimeField(required=False, allow_null=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    panels = serializers.BooleanField(default=False, help_text=PANELS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        starts, ends = attrs.get("starts_at"), attrs.get("ends_at")
        if starts and ends and ends < starts:
            raise serializers.ValidationError(
                {"ends_at": [serializers.ErrorDetail("The event ends before it starts.", "ends_before_start")]}
            )
        return attrs
