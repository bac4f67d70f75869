"""Pages that don't move under the reader's feet, and cursors that nobody can make or bend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.core.tenancy import organization_scope
from apps.events.models import Event
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.events import EventFactory
from tests.integration.core.house import client_of

EVENTS = "/api/v1/events/"
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def organization(db: None) -> Any:
    return OrganizationFactory.create(slug="pages")


@pytest.fixture
def client(organization: Any) -> APIClient:
    return client_of(member(organization))


@pytest.fixture
def events(organization: Any) -> list[Event]:
    """Twelve: names that repeat, and times of which every third is unknown."""
    return [
        EventFactory.create(
            organization=organization,
            name=f"Cup {number % 3}",
            starts_at=START + timedelta(days=number // 4) if number % 3 else None,
        )
        for number in range(12)
    ]


def walk(client: APIClient, url: str, way: str = "next") -> list[list[str]]:
    """The ids on each page, from `url` on."""
    pages = []
    while url:
        body = client.get(url).json()
        pages.append([row["id"] for row in body["results"]])
        url = body[way]
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [row for page in pages for row in page]


@pytest.mark.usefixtures("events")
def test_a_short_list_is_one_page(client: APIClient) -> None:
    body = client.get(EVENTS).json()

    assert (len(body["results"]), body["next"], body["previous"]) == (12, None, None)


@pytest.mark.parametrize("size", [1, 2, 5, 11, 12, 100])
@pytest.mark.parametrize(
    "ordering", ["", "name", "-name", "starts_at", "-starts_at", "name,-starts_at", "-starts_at,name", "created_at"]
)
@pytest.mark.usefixtures("events")
def test_all_pages_together_are_the_list_there_and_back(size: int, ordering: str, client: APIClient) -> None:
    """Whatever repeats, and wherever nothing is known."""
    query = f"&ordering={ordering}" if ordering else ""
    whole = [row["id"] for row in client.get(f"{EVENTS}?page_size=100{query}").json()["results"]]
    there = walk(client, f"{EVENTS}?page_size={size}{query}")

    assert flat(there) == whole
    assert [len(page) for page in there[:-1]] == [size] * (len(there) - 1)
    last = f"{EVENTS}?page_size={size}{query}"
    while following := client.get(last).json()["next"]:
        last = following
    assert flat(walk(client, last, "previous")[::-1]) == whole


def test_unknown_times_come_last_whichever_way(client: APIClient, events: list[Event]) -> None:
    unknown = {str(event.pk) for event in events if event.starts_at is None}
    up = flat(walk(client, f"{EVENTS}?ordering=starts_at&page_size=5"))
    down = flat(walk(client, f"{EVENTS}?ordering=-starts_at&page_size=5"))

    known = len(up) - len(unknown)
    assert set(up[known:]) == unknown
    assert down == [*up[:known][::-1], *up[known:][::-1]]


@pytest.mark.parametrize("ordering", ["", "name", "-starts_at"])
def test_rows_that_come_and_go_neither_repeat_nor_hide_others(
    ordering: str, client: APIClient, organization: Any, events: list[Event]
) -> None:
    """Between two pages the row that the cursor stands at is deleted, and others appear on either side of it."""
    first = client.get(f"{EVENTS}?page_size=4{f'&ordering={ordering}' if ordering else ''}").json()
    seen = [row["id"] for row in first["results"]]
    EventFactory.create(organization=organization, name="Aaa", starts_at=START - timedelta(days=1))
    EventFactory.create(organization=organization, name="Zzz", starts_at=START + timedelta(days=99))
    with organization_scope(organization.pk):
        Event.objects.get(pk=seen[-1]).delete()

    rest = flat(walk(client, first["next"]))

    assert set(seen) & set(rest) == set()
    assert {str(event.pk) for event in events} <= {*seen, *rest}


def test_going_back_from_rows_that_are_gone_is_not_the_end_of_the_world(
    client: APIClient, organization: Any, events: list[Event]
) -> None:
    second = client.get(client.get(f"{EVENTS}?page_size=4").json()["next"]).json()
    with organization_scope(organization.pk):
        Event.objects.filter(pk__in=[event.pk for event in events[:8]]).delete()
        empty = client.get(second["next"]).json()

    assert empty["results"] == []
    assert [row["id"] for row in client.get(empty["previous"]).json()["results"]] == [
        str(event.pk) for event in reversed(events[8:])
    ]


@pytest.mark.parametrize("size", ["0", "-1", "101", "1.5", "ten", "", "9" * 5000, "٣"])
@pytest.mark.usefixtures("events")
def test_a_page_size_out_of_range_is_refused(size: str, client: APIClient) -> None:
    response = client.get(EVENTS, {"page_size": size})

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"pointer": "?page_size", "code": "OUT_OF_RANGE", "detail": "page_size is a whole number from 1 to 100."}
    ]


@pytest.mark.usefixtures("events")
def test_a_cursor_is_good_for_its_own_list_only(client: APIClient) -> None:
    following = client.get(f"{EVENTS}?page_size=4&search=cup").json()["next"]
    cursor = following.partition("cursor=")[2].partition("&")[0]

    for elsewhere in (
        f"{EVENTS}?cursor={cursor}",
        f"{EVENTS}?search=winter&cursor={cursor}",
        f"{EVENTS}?search=cup&status=draft&cursor={cursor}",
        f"{EVENTS}?search=cup&ordering=name&cursor={cursor}",
        f"/api/v1/datasets/?search=cup&cursor={cursor}",
        f"{EVENTS}?search=cup&cursor={cursor[:-2]}xy",
        f"{EVENTS}?search=cup&cursor=",
        f"{EVENTS}?search=cup&cursor=%00",
        f"{EVENTS}?search=cup&cursor=%F0%9F%8F%86",
    ):
        response = client.get(elsewhere)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_CURSOR"), elsewhere
    assert client.get(f"{EVENTS}?search=cup&cursor={cursor}&page_size=2").status_code == 200


@pytest.mark.usefixtures("events")
def test_a_cursor_is_as_good_without_the_trailing_slash(client: APIClient) -> None:
    following = client.get(f"{EVENTS}?page_size=4").json()["next"]

    assert client.get(following.replace("/events/?", "/events?")).status_code == 200


@pytest.mark.usefixtures("events")
def test_a_page_is_one_query_and_never_counts(client: APIClient) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(f"{EVENTS}?page_size=4&ordering=name")
    about_events = [query["sql"] for query in captured if "events_event" in query["sql"]]

    assert len(about_events) == 1
    assert "COUNT(" not in about_events[0]
