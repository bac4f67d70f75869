"""An event as calendars read it (RFC 5545), and the link that calendars fetch it by."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac
from icalendar import Calendar, vText
from icalendar import Event as Entry

from apps.core.errors import NotFound
from apps.core.tenancy import platform_scope
from apps.events.enums import EventStatus
from apps.events.errors import EventWithoutTime
from apps.events.models import Event

PRODUCT = "-//Podium//Events//EN"
DOMAIN = "podium.events"  # of the entries' UIDs, which stay the same wherever Podium runs
SALT = "events.calendar"
STATUS = {EventStatus.DRAFT: "TENTATIVE", EventStatus.CANCELLED: "CANCELLED"}


def calendar_of(event: Event) -> bytes:
    """The event as an iCalendar file with one entry. Times are in UTC; SEQUENCE counts the event's changes.

    Raises:
        EventWithoutTime: nobody has said when it begins.
    """
    if event.starts_at is None:
        raise EventWithoutTime("Say when the event begins first.")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", vText(event.name))  # the library takes this one as it is, line breaks too
    calendar.add_component(_entry(event, event.starts_at))
    return bytes(calendar.to_ical())


def calendar_token(event: Event) -> str:
    """What the link to the event's calendar ends with: it opens this calendar, and nothing else."""
    signature = salted_hmac(SALT, f"{event.pk}:{event.calendar_key}", algorithm="sha256").hexdigest()
    return f"{event.pk}-{signature}"


def event_of_token(token: str) -> Event:
    """The live event whose calendar the link opens; the link is all that its bearer shows.

    Raises:
        NotFound: the link was never right, was revoked, or its event is deleted.
    """
    key = token.rpartition("-")[0]
    try:
        event_id = UUID(key)
    except ValueError:
        event_id = None
    with platform_scope("a link to a calendar names no organization"):
        event: Event | None = Event.objects.filter(pk=event_id, organization__deleted_at=None).first()
    if event is None or not constant_time_compare(token, calendar_token(event)):
        raise NotFound
    return event


def _entry(event: Event, starts_at: datetime) -> Entry:
    entry = Entry()
    entry.add("uid", f"{event.pk}@{DOMAIN}")
    entry.add("sequence", event.version)
    entry.add("dtstamp", event.updated_at.astimezone(UTC))
    entry.add("last-modified", event.updated_at.astimezone(UTC))
    entry.add("created", event.created_at.astimezone(UTC))
    entry.add("dtstart", starts_at.astimezone(UTC))
    if event.ends_at is not None and event.ends_at > starts_at:  # an end is later than the start (RFC 5545, 3.8.2.2)
        entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("summary", event.name)
    entry.add("status", STATUS.get(EventStatus(event.status), "CONFIRMED"))
    if event.description:
        entry.add("description", event.description)
    if event.venue:
        entry.add("location", event.venue)
    return entry
