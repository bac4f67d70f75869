"""What events tell."""

from __future__ import annotations

from apps.core.outbox.catalogue import EventType, identifier, one_of, text
from apps.events.enums import EventStatus

MEANINGS = {
    "created": "An event was set up, as a draft.",
    EventStatus.PUBLISHED: "An event is shown to its people.",
    EventStatus.LIVE: "An event has begun.",
    EventStatus.COMPLETED: "Everything has taken place.",
    EventStatus.ARCHIVED: "An event was put away for good.",
    EventStatus.CANCELLED: "An event was called off.",
}


def event_events() -> list[EventType]:
    """The way of an event."""
    data = {
        "event_id": identifier("The event."),
        "slug": text("Its name in addresses.", "lake-cup-2026"),
        "status": one_of("Where it stands now.", EventStatus.values),
    }
    moved = {**data, "previous_status": one_of("Where it stood before.", EventStatus.values)}
    return [
        EventType(
            name=f"event.{what}",
            app="events",
            meaning=meaning,
            subject="event/{event_id}",
            data=data if what == "created" else moved,
            shape="" if what == "created" else "EventMovedData",
        )
        for what, meaning in MEANINGS.items()
    ]
