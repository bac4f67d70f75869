"""Events over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core.outbox.models import OutboxMessage
from apps.core.tenancy import platform_scope
from apps.events.enums import EventStatus
from apps.events.models import Event
from tests.api import ids, pointers, problem, signed_in
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db

EVENTS = "/api/v1/events/"
CUP = {
    "name": "Winter Cup 2026",
    "venue": "Helsinki Ice Hall",
    "timezone": "Europe/Helsinki",
    "starts_at": "2026-12-04T10:00:00+02:00",
    "ends_at": "2026-12-06T18:00:00+02:00",
}


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def client(ice: Organization) -> APIClient:
    return signed_in(member(ice, Role.ORGANIZER))


def types() -> list[str]:
    return list(OutboxMessage.objects.order_by("id").values_list("type", flat=True))


class TestWriting:
    """Creating and changing."""

    def test_an_event_begins_as_a_draft(self, client: APIClient, ice: Organization) -> None:
        created = client.post(EVENTS, CUP)
        assert created.status_code == 201
        body = created.json()
        assert (body["slug"], body["status"]) == ("winter-cup-2026", "draft")
        assert body["starts_at"] == "2026-12-04T08:00:00Z"
        assert created["Location"] == body["url"] == f"http://testserver{EVENTS}{body['id']}/"
        assert created["ETag"] == '"1"'
        message = OutboxMessage.objects.get()
        assert (message.type, message.organization_id) == ("event.created", ice.pk)
        assert message.correlation_id == created["X-Correlation-ID"]

    def test_a_slug_that_is_taken_gets_a_number(self, client: APIClient) -> None:
        slugs = [client.post(EVENTS, CUP).json()["slug"] for _ in range(3)]
        assert slugs == ["winter-cup-2026", "winter-cup-2026-2", "winter-cup-2026-3"]

    def test_a_slug_that_was_asked_for_and_is_taken_is_a_conflict(self, client: APIClient) -> None:
        assert client.post(EVENTS, {**CUP, "slug": "cup"}).status_code == 201
        body = problem(client.post(EVENTS, {**CUP, "slug": "cup"}), 409, "ALREADY_EXISTS")
        assert pointers(body) == [("#/slug", "ALREADY_EXISTS")]

    def test_a_name_that_no_url_can_hold_gets_a_plain_slug(self, client: APIClient) -> None:
        assert client.post(EVENTS, {**CUP, "name": "冬季杯"}).json()["slug"] == "event"

    def test_another_organization_may_use_the_same_slug(self, client: APIClient) -> None:
        other = signed_in(member(OrganizationFactory.create()))
        assert [c.post(EVENTS, CUP).json()["slug"] for c in (client, other)] == ["winter-cup-2026"] * 2

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("name", "", "BLANK"),
            ("name", "x" * 201, "MAX_LENGTH"),
            ("slug", "not a slug", "INVALID"),
            ("timezone", "Europe/Atlantis", "UNKNOWN_TIMEZONE"),
            ("timezone", "", "BLANK"),
            ("starts_at", "yesterday", "INVALID"),
            ("ends_at", "2026-12-04T09:59:00+02:00", "ENDS_BEFORE_START"),
            ("description", "x" * 10_001, "MAX_LENGTH"),
            ("venue", ["a", "list"], "WRONG_TYPE"),
            ("nonsense", 1, "UNKNOWN_FIELD"),
            ("name", "nul \x00 byte", "NULL_CHARACTERS_NOT_ALLOWED"),
        ],
    )
    def test_a_bad_value_is_named(self, client: APIClient, field: str, value: object, code: str) -> None:
        body = problem(client.post(EVENTS, {**CUP, field: value}), 422, "INVALID")
        assert pointers(body) == [(f"#/{field}", code)]

    def test_everything_that_is_wrong_is_named_at_once(self, client: APIClient) -> None:
        wrong = {"timezone": "Mars/Base", "starts_at": "x", "venue": 5, "nonsense": 1}
        body = problem(client.post(EVENTS, wrong), 422, "INVALID")
        assert sorted(pointers(body)) == [
            ("#/name", "REQUIRED"),
            ("#/nonsense", "UNKNOWN_FIELD"),
            ("#/starts_at", "INVALID"),
            ("#/timezone", "UNKNOWN_TIMEZONE"),
            ("#/venue", "WRONG_TYPE"),
        ]

    @pytest.mark.parametrize("field", ["status", "id", "url", "created_at"])
    def test_what_the_platform_sets_can_not_be_set(self, client: APIClient, field: str) -> None:
        created = client.post(EVENTS, {**CUP, field: "published"})
        assert created.status_code == 201
        assert created.json()["status"] == "draft"
        assert created.json()[field] != "published"

    def test_a_change_ends_later_than_the_start_that_is_there(self, client: APIClient) -> None:
        url = client.post(EVENTS, CUP).json()["url"]
        body = problem(client.patch(url, {"ends_at": "2026-12-01T00:00:00Z"}), 422, "INVALID")
        assert pointers(body) == [("#/ends_at", "ENDS_BEFORE_START")]

    def test_a_change_of_a_stale_version_is_refused(self, client: APIClient) -> None:
        url = client.post(EVENTS, CUP).json()["url"]
        first = client.patch(url, {"venue": "Turku"}, HTTP_IF_MATCH='"1"')
        assert (first.status_code, first["ETag"], first.json()["version"]) == (200, '"2"', 2)
        body = problem(client.patch(url, {"venue": "Oulu"}, HTTP_IF_MATCH='"1"'), 412, "STALE_VERSION")
        assert body["current_version"] == 2
        problem(client.patch(url, {"venue": "Oulu", "version": 1}), 412, "STALE_VERSION")
        assert client.get(url).json()["venue"] == "Turku"

    def test_the_platforms_staff_name_the_organization(self, ice: Organization) -> None:
        OrganizationFactory.create()
        operator = OperatorFactory.create()
        body = problem(signed_in(operator).post(EVENTS, CUP), 400, "ORGANIZATION_REQUIRED")
        assert pointers(body) == [("X-Organization", "REQUIRED")]
        assert signed_in(operator, ice).post(EVENTS, CUP).status_code == 201


class TestReading:
    """Lists and single events."""

    def test_the_list_is_newest_first(self, client: APIClient, ice: Organization) -> None:
        events = [EventFactory.create(organization=ice) for _ in range(3)]
        assert ids(client.get(EVENTS)) == [event.pk for event in reversed(events)]

    def test_it_is_filtered_searched_and_ordered(self, client: APIClient, ice: Organization) -> None:
        spring = EventFactory.create(organization=ice, name="Spring", starts_at="2026-04-01T00:00:00Z", slug="s")
        autumn = EventFactory.create(
            organization=ice, name="Autumn", starts_at="2026-10-01T00:00:00Z", status="published", venue="Turku"
        )
        asked = {
            "?status=published": [autumn],
            "?status=published&status=draft": [autumn, spring],
            "?slug=s": [spring],
            "?search=turk": [autumn],
            "?search=%25": [],
            "?starts_after=2026-05-01T00:00:00Z": [autumn],
            "?starts_before=2026-05-01T00:00:00Z": [spring],
            "?ordering=starts_at": [spring, autumn],
            "?ordering=-starts_at": [autumn, spring],
            "?ordering=name": [autumn, spring],
        }
        assert {query: ids(client.get(EVENTS + query)) for query in asked} == {
            query: [event.pk for event in events] for query, events in asked.items()
        }

    @pytest.mark.parametrize(
        ("query", "pointer", "code"),
        [
            ("?statuss=draft", "?statuss", "UNKNOWN_PARAMETER"),
            ("?organization=1", "?organization", "UNKNOWN_PARAMETER"),
            ("?contests__name=x", "?contests__name", "UNKNOWN_PARAMETER"),
            ("?status=lively", "?status", "INVALID"),
            ("?starts_after=tomorrow", "?starts_after", "INVALID"),
            ("?ordering=organization", "?ordering", "UNKNOWN_ORDERING"),
            ("?ordering=--starts_at", "?ordering", "UNKNOWN_ORDERING"),
            ("?page_size=101", "?page_size", "OUT_OF_RANGE"),
            ("?page_size=many", "?page_size", "OUT_OF_RANGE"),
        ],
    )
    def test_a_query_that_makes_no_sense_is_refused(
        self, client: APIClient, query: str, pointer: str, code: str
    ) -> None:
        assert pointers(problem(client.get(EVENTS + query), 400, "MALFORMED_REQUEST")) == [(pointer, code)]

    def test_an_unchanged_event_is_not_sent_again(self, client: APIClient, ice: Organization) -> None:
        event = EventFactory.create(organization=ice)
        first = client.get(f"{EVENTS}{event.pk}/")
        assert client.get(f"{EVENTS}{event.pk}/", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
        client.patch(f"{EVENTS}{event.pk}/", {"venue": "Turku"})
        assert client.get(f"{EVENTS}{event.pk}/", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200

    @pytest.mark.parametrize("rows", [1, 50])
    def test_a_list_takes_the_same_number_of_queries(
        self, client: APIClient, ice: Organization, rows: int, django_assert_num_queries: Any
    ) -> None:
        EventFactory.create_batch(rows, organization=ice)
        with django_assert_num_queries(3):  # who calls, where they belong, the page
            assert len(ids(client.get(EVENTS))) == rows


class TestTransitions:
    """From draft to archived."""

    def move(self, client: APIClient, event: Event, step: str, **headers: str) -> Any:
        return client.post(f"{EVENTS}{event.pk}/{step}/", **headers)

    def test_an_event_goes_its_way(self, client: APIClient, ice: Organization) -> None:
        event = EventFactory.create(organization=ice)
        steps = ["publish", "go-live", "complete", "archive"]
        statuses = [self.move(client, event, step).json()["status"] for step in steps]
        assert statuses == ["published", "live", "completed", "archived"]
        assert types() == ["event.published", "event.live", "event.completed", "event.archived"]

    @pytest.mark.parametrize(
        ("status", "step", "allowed"),
        [
            ("draft", "go-live", ["published", "cancelled"]),
            ("draft", "archive", ["published", "cancelled"]),
            ("published", "publish", ["live", "cancelled"]),
            ("live", "publish", ["completed", "cancelled"]),
            ("completed", "cancel", ["archived"]),
            ("archived", "publish", []),
            ("cancelled", "publish", []),
        ],
    )
    def test_a_step_that_is_not_allowed_names_those_that_are(
        self, client: APIClient, ice: Organization, status: str, step: str, allowed: list[str]
    ) -> None:
        event = EventFactory.create(organization=ice, status=status)
        body = problem(self.move(client, event, step), 409, "TRANSITION_NOT_ALLOWED")
        assert (body["current_status"], body["allowed"]) == (status, allowed)
        assert types() == []

    @pytest.mark.parametrize("status", ["draft", "published", "live"])
    def test_it_is_called_off_from_any_status_before_completed(
        self, client: APIClient, ice: Organization, status: str
    ) -> None:
        event = EventFactory.create(organization=ice, status=status)
        assert self.move(client, event, "cancel").json()["status"] == EventStatus.CANCELLED

    def test_a_step_honours_the_version_that_was_read(self, client: APIClient, ice: Organization) -> None:
        event = EventFactory.create(organization=ice)
        client.patch(f"{EVENTS}{event.pk}/", {"venue": "Turku"})
        problem(self.move(client, event, "publish", HTTP_IF_MATCH='"1"'), 412, "STALE_VERSION")
        assert self.move(client, event, "publish", HTTP_IF_MATCH='"2"').status_code == 200

    def test_a_patch_never_changes_the_status(self, client: APIClient, ice: Organization) -> None:
        event = EventFactory.create(organization=ice)
        assert client.patch(f"{EVENTS}{event.pk}/", {"status": "live"}).json()["status"] == "draft"


def test_a_deleted_event_is_gone_and_comes_back(client: APIClient, ice: Organization) -> None:
    event = EventFactory.create(organization=ice)
    url = f"{EVENTS}{event.pk}/"
    gone = client.delete(url)
    assert gone.status_code == 204
    problem(client.get(url), 404, "NOT_FOUND")
    problem(client.delete(url), 404, "NOT_FOUND")
    problem(client.post(f"{url}publish/"), 404, "NOT_FOUND")
    assert ids(client.get(EVENTS)) == []
    restored = client.post(f"{url}restore/")
    assert (restored.status_code, restored.json()["id"]) == (200, str(event.pk))
    assert ids(client.get(EVENTS)) == [event.pk]
    with platform_scope("a test"):
        assert Event.objects.get().version == int(restored["ETag"].strip('"'))
