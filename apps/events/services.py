"""The life of an event: one function per transition."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core.outbox.services import emit
from apps.core.slugs import save_with_free_slug
from apps.events.enums import EventStatus
from apps.events.errors import EventTransitionRefused
from apps.events.models import Event, new_calendar_key
from apps.events.policies import NEXT, may_go


@transaction.atomic
def create_event(
    *,
    organization_id: UUID,
    name: str,
    slug: str | None = None,
    description: str = "",
    venue: str = "",
    timezone: str = "UTC",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Event:
    """Set up an event as a draft.

    Args:
        slug: unique among the organization's live events; made from `name` when left out.

    Raises:
        IntegrityError: `slug` is taken (`event_slug_unique`), or the event ends before it starts.
    """

    def save(free: str) -> Event:
        event: Event = Event.objects.create(
            organization_id=organization_id,
            name=name,
            slug=free,
            description=description,
            venue=venue,
            timezone=timezone,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        return event

    event = (
        save(slug) if slug else save_with_free_slug(save, name=name, fallback="event", constraint="event_slug_unique")
    )
    _tell("event.created", event)
    return event


def publish_event(*, event: Event) -> Event:
    """Show the event to its people: `draft → published`."""
    return _move(event, EventStatus.PUBLISHED)


def start_event(*, event: Event) -> Event:
    """The doors are open: `published → live`."""
    return _move(event, EventStatus.LIVE)


def complete_event(*, event: Event) -> Event:
    """Everything has taken place: `live → completed`."""
    return _move(event, EventStatus.COMPLETED)


def archive_event(*, event: Event) -> Event:
    """Put the event away for good: `completed → archived`."""
    return _move(event, EventStatus.ARCHIVED)


def cancel_event(*, event: Event) -> Event:
    """Call the event off, from any status before `completed`."""
    return _move(event, EventStatus.CANCELLED)


def revoke_calendar_link(*, event: Event) -> Event:
    """Make the link to the event's calendar another one: whoever has the old one finds nothing there.

    Raises:
        StaleVersion: somebody else changed the event meanwhile.
    """
    event.calendar_key = new_calendar_key()
    event.save(update_fields=["calendar_key"])
    return event


@transaction.atomic
def _move(event: Event, target: EventStatus) -> Event:
    """Go one step, and say so. `save()` compares the version: of two who move it at once, one wins.

    Raises:
        EventTransitionRefused: there is no such step; with `current_status` and `allowed`.
        StaleVersion: somebody else changed the event meanwhile.
    """
    source = EventStatus(event.status)
    if not may_go(source, target):
        allowed = [str(status) for status in NEXT[source]]
        raise EventTransitionRefused(
            f"An event that is {source.label.lower()} can't become {target.label.lower()}.",
            extra={"current_status": str(source), "allowed": allowed},
        )
    event.status = target
    event.save(update_fields=["status"])
    _tell(f"event.{target}", event, previous_status=str(source))
    return event


def _tell(type: str, event: Event, **more: object) -> None:
    emit(
        type=type,
        subject=f"event/{event.pk}",
        organization_id=event.organization_id,
        data={"event_id": str(event.pk), "slug": event.slug, "status": str(event.status), **more},
    )
