"""Events: what an organization runs."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index, unique_live
from apps.core.timezones import validate_timezone
from apps.events.enums import EventStatus


def new_calendar_key() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(16)


class Event(OrganizationModel):
    """A competition, festival, fair or hackathon; it holds contests.

    `calendar_key` is what the link to its calendar is made with: another key, and the old link is dead.
    """

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, db_index=False)
    description = models.TextField(blank=True, max_length=10_000)
    venue = models.CharField(max_length=200, blank=True)
    timezone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_timezone],
        help_text="Of the venue, such as Europe/Helsinki.",
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    calendar_key = models.CharField(max_length=32, default=new_calendar_key, editable=False)
    status = models.CharField(max_length=10, choices=EventStatus.choices, default=EventStatus.DRAFT, editable=False)

    impersonal_fields: ClassVar[tuple[str, ...]] = ("name", "description", "venue", "timezone", "calendar_key")
    masked_fields: ClassVar[tuple[str, ...]] = ("calendar_key",)

    class Meta:
        ordering = ["-id"]
        constraints = [
            unique_live("organization", "slug", name="event_slug_unique"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(starts_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="event_ends_after_it_starts",
            ),
        ]
        indexes = [
            # the list, newest first, and its filter by status
            live_index("organization", "-id", name="event_list"),
            live_index("organization", "status", "-id", name="event_by_status"),
            # the list in order of time
            live_index("organization", "starts_at", "id", name="event_by_start"),
        ]

    def __str__(self) -> str:
        return self.name
