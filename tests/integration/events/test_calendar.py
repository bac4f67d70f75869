"""Events in people's calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from icalendar import Calendar

from apps.accounts.enums import Role
from apps.core.audit.models import AuditRecord
from apps.core.softdelete.services.deleting import delete_object
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from tests.api import anonymous, problem, signed_in
from tests.factories.accounts import member
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db

SUMMER = timezone(timedelta(hours=3))


@pytest.fixture
def event() -> Event:
    """A cup in Helsinki, from ten to six by the clock there."""
    return EventFactory.create(
        name="Ice, fire; and cup",
        description="Two lines:\nof text",
        starts_at=datetime(2026, 7, 1, 10, 0, tzinfo=SUMMER),
        ends_at=datetime(2026, 7, 1, 18, 0, tzinfo=SUMMER),
    )


def url(event: Event, tail: str) -> str:
    return f"/api/v1/events/{event.pk}/{tail}"


def entry(response: Any) -> Any:
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8"), response.content
    (found,) = Calendar.from_ical(response.content).walk("VEVENT")
    return found


def change(event: Event, **values: Any) -> None:
    with organization_scope(event.organization_id):
        row = Event.objects.get(pk=event.pk)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_name_of_two_lines_begins_no_line_of_the_file(event: Event, end: str) -> None:
    change(event, name=f"Ice, fire{end}ATTENDEE:x")

    response = signed_in(member(event.organization, Role.VIEWER)).get(url(event, "calendar/"))

    assert str(entry(response)["summary"]) == "Ice, fire\nATTENDEE:x"
    assert rb"X-WR-CALNAME:Ice\, fire\nATTENDEE:x" in response.content.split(b"\r\n")


def test_an_event_that_ends_when_it_starts_has_no_end_in_the_file(event: Event) -> None:
    change(event, ends_at=event.starts_at)

    assert "dtend" not in entry(signed_in(member(event.organization, Role.VIEWER)).get(url(event, "calendar/")))


def test_a_member_gets_the_event_in_universal_time(event: Event) -> None:
    response = signed_in(member(event.organization, Role.VIEWER)).get(url(event, "calendar/"))
    found = entry(response)

    assert response["Content-Disposition"] == f'attachment; filename="{event.slug}.ics"'
    assert (b"DTSTART:20260701T070000Z" in response.content, b"\r\n" in response.content) == (True, True)
    assert found.decoded("dtstart") == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert found.decoded("dtend") == datetime(2026, 7, 1, 15, tzinfo=UTC)
    assert [str(found[name]) for name in ("summary", "location", "description", "status", "uid")] == [
        "Ice, fire; and cup", "Helsinki Ice Hall", "Two lines:\nof text", "TENTATIVE", f"{event.pk}@podium.events",
    ]  # fmt: skip


def test_a_change_counts_the_sequence_up_under_the_same_uid(event: Event) -> None:
    client = signed_in(member(event.organization, Role.VIEWER))
    first = entry(client.get(url(event, "calendar/")))
    change(event, status="cancelled")
    second = entry(client.get(url(event, "calendar/")))

    assert (first["uid"], int(first["sequence"]) + 1) == (second["uid"], int(second["sequence"]))
    assert (str(first["status"]), str(second["status"])) == ("TENTATIVE", "CANCELLED")


def test_an_event_without_a_time_is_in_no_calendar(event: Event) -> None:
    change(event, starts_at=None, ends_at=None)

    problem(signed_in(member(event.organization)).get(url(event, "calendar/")), 409, "EVENT_WITHOUT_TIME")


def test_the_link_opens_the_calendar_without_signing_in_until_it_is_revoked(event: Event) -> None:
    organizer = signed_in(member(event.organization, Role.ORGANIZER))
    link = organizer.get(url(event, "calendar-link/")).json()["url"]
    opened = entry(anonymous().get(link))
    again = organizer.post(url(event, "calendar-link/revoke/")).json()["url"]

    assert str(opened["summary"]) == "Ice, fire; and cup"
    assert entry(anonymous().get(again))["uid"] == opened["uid"]
    problem(anonymous().get(link), 404, "NOT_FOUND")
    problem(
        signed_in(member(event.organization, Role.VIEWER)).post(url(event, "calendar-link/revoke/")), 403, "FORBIDDEN"
    )


def test_a_link_that_was_changed_opens_nothing(event: Event) -> None:
    other = EventFactory.create(starts_at=event.starts_at)
    link = signed_in(member(event.organization)).get(url(event, "calendar-link/")).json()["url"]

    for wrong in (
        link.replace(str(event.pk), str(other.pk)),
        link[:-2] + ("0/" if link[-2] != "0" else "1/"),
        f"/api/v1/calendars/{event.pk}/",
        "/api/v1/calendars/0-0/",
    ):
        problem(anonymous().get(wrong), 404, "NOT_FOUND")


def test_a_deleted_event_is_nowhere(event: Event) -> None:
    client = signed_in(member(event.organization))
    link = client.get(url(event, "calendar-link/")).json()["url"]
    with organization_scope(event.organization_id):
        delete_object(root=event)

    problem(client.get(url(event, "calendar/")), 404, "NOT_FOUND")
    problem(anonymous().get(link), 404, "NOT_FOUND")


def test_neither_the_api_nor_the_history_shows_the_key(event: Event) -> None:
    client = signed_in(member(event.organization, Role.OWNER))
    client.post(url(event, "calendar-link/revoke/"))
    with organization_scope(event.organization_id):
        now = Event.objects.get(pk=event.pk).calendar_key
    shown = client.get(url(event, "")).content.decode()
    history = str(list(AuditRecord.of_all_organizations.values()))

    assert now != event.calendar_key
    assert [key for key in (now, event.calendar_key) if key in shown or key in history] == []
