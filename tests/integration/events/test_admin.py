"""Events in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core.tenancy import platform_scope
from apps.events.models import Event
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.factories.contests import ContestFactory
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/events/event/"
BODY = {
    "name": "Winter cup",
    "slug": "winter-cup",
    "description": "",
    "venue": "",
    "timezone": "Europe/Helsinki",
    "starts_at_0": "2026-12-04",
    "starts_at_1": "10:00",
    "ends_at_0": "",
    "ends_at_1": "",
}


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create(slug="ice")
    return organization


@pytest.fixture
def client(ice: Organization) -> Client:
    browser = Client()
    browser.force_login(member(ice, Role.ORGANIZER))
    return browser


def change(event: Event) -> str:
    return reverse("admin:events_event_change", args=[event.pk])


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_the_list_shows_status_and_contests(client: Client, ice: Organization) -> None:
    event = EventFactory.create(organization=ice, status="live")
    ContestFactory.create_batch(2, event=event)
    with platform_scope("a test"):
        ContestFactory.create(event=event).delete()
    EventFactory.create()
    page = client.get(LIST)
    assert [(row.pk, row.contest_count) for row in page.context["cl"].result_list] == [(event.pk, 2)]
    assert "Live" in page.content.decode()


def test_it_takes_the_same_number_of_queries_for_one_and_for_many(client: Client, ice: Organization) -> None:
    counts = []
    for events in (1, 20):
        EventFactory.create_batch(events, organization=ice)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_new_event_belongs_to_the_organization_acted_in(client: Client, ice: Organization) -> None:
    page = client.post(f"{LIST}add/", BODY)
    assert page.status_code == 302, page.context["adminform"].form.errors
    event = Event._base_manager.get()
    assert (event.organization_id, event.status) == (ice.pk, "draft")


def test_a_slug_that_is_taken_is_explained(client: Client, ice: Organization) -> None:
    EventFactory.create(organization=ice, slug="winter-cup")
    page = client.post(f"{LIST}add/", BODY, follow=True)
    assert messages(page) == ["A event with this slug exists already."]


def test_an_event_ends_after_it_starts(client: Client) -> None:
    page = client.post(f"{LIST}add/", {**BODY, "ends_at_0": "2026-12-03", "ends_at_1": "10:00"}, follow=True)
    assert "event_ends_after_it_starts" in page.content.decode()
    assert Event._base_manager.count() == 0


def test_the_buttons_are_the_steps_that_there_are(client: Client, ice: Organization) -> None:
    event = EventFactory.create(organization=ice)
    titles = [[a["title"] for a in client.get(change(event)).context["actions_detail"]]]
    for action in ("publish", "start", "complete", "archive"):
        page = client.post(reverse(f"admin:events_event_{action}", args=[event.pk]), follow=True)
        titles.append([a["title"] for a in page.context["actions_detail"]])
    assert titles == [
        ["Publish", "Cancel the event", "Copy"],
        ["Go live", "Cancel the event", "Copy"],
        ["Complete", "Cancel the event", "Copy"],
        ["Archive", "Copy"],
        ["Copy"],
    ]
    event.refresh_from_db()
    assert event.status == "archived"


def test_following_a_link_to_a_step_asks_and_moves_nothing(client: Client, ice: Organization) -> None:
    event = EventFactory.create(organization=ice, name="Winter Cup")
    page = client.get(reverse("admin:events_event_publish", args=[event.pk]))
    assert page.status_code == 200
    assert "Make “Winter Cup” published?" in page.content.decode()
    event.refresh_from_db()
    assert event.status == "draft"


def test_a_step_that_is_not_there_is_refused(client: Client, ice: Organization) -> None:
    event = EventFactory.create(organization=ice)
    page = client.get(reverse("admin:events_event_archive", args=[event.pk]))
    assert page.status_code == 403
    event.refresh_from_db()
    assert event.status == "draft"


def test_another_organizations_event_is_not_there(client: Client) -> None:
    strange = EventFactory.create()
    assert client.get(change(strange)).status_code == 404
    assert client.get(reverse("admin:events_event_publish", args=[strange.pk])).status_code == 403


def test_auditors_look_and_change_nothing(ice: Organization) -> None:
    browser = Client()
    browser.force_login(member(ice, Role.AUDITOR))
    event = EventFactory.create(organization=ice)
    assert browser.get(change(event)).status_code == 200
    assert browser.post(change(event), BODY).status_code == 403
    assert browser.get(f"{LIST}add/").status_code == 403


def test_staff_choose_an_organization_before_they_add(ice: Organization) -> None:
    browser = Client()
    browser.force_login(OperatorFactory.create())
    assert browser.get(f"{LIST}add/").status_code == 403
    assert "to add events" in browser.get(LIST).content.decode()
    browser.post(reverse("admin:accounts_organization_switch"), {"organization": "ice"})
    assert "to add events" not in browser.get(LIST).content.decode()
    assert browser.post(f"{LIST}add/", BODY).status_code == 302
    assert Event._base_manager.get().organization_id == ice.pk
