"""Every kind of error through real views: one shape, both ids, no trace of the code behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.contests.models import Criterion, Score
from apps.core.errors import TimedOut, Unavailable
from apps.core.ids import new_id
from apps.core.rest.problems import TYPE_BASE
from apps.events.api.v1.views import EventViewSet
from apps.events.models import Event
from tests.factories.events import EventFactory
from tests.integration.core.house import House
from tests.integration.core.town import Town

EVENTS = "/api/v1/events/"
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id", "correlation_id", "errors"}
ENTRY = {"pointer", "code", "detail"}


def event_url(house: House) -> str:
    return f"{EVENTS}{house.one(Event).pk}/"


def score_url(house: House) -> str:
    return f"/api/v1/scores/{house.one(Score).pk}/"


def taken_slug(client: APIClient, house: House) -> Any:
    return client.post(EVENTS, {"name": "Again", "slug": house.one(Event).slug})


# Status and code → a request that is answered with it.
REFUSALS: dict[tuple[int, str], Callable[[APIClient, House], Any]] = {
    (400, "MALFORMED_REQUEST"): lambda client, _: client.post(EVENTS, b'{"name":', content_type="application/json"),
    (400, "INVALID_CURSOR"): lambda client, _: client.get(f"{EVENTS}?cursor=x"),
    (401, "NOT_AUTHENTICATED"): lambda *_: APIClient().get(EVENTS),
    (401, "TOKEN_INVALID"): lambda *_: APIClient().get(EVENTS, HTTP_AUTHORIZATION="Bearer nonsense"),
    (404, "NOT_FOUND"): lambda client, _: client.get(f"{EVENTS}{new_id()}/"),
    (405, "METHOD_NOT_ALLOWED"): lambda client, _: client.delete(EVENTS),
    (406, "NOT_ACCEPTABLE"): lambda client, _: client.get(EVENTS, HTTP_ACCEPT="image/png"),
    (409, "ALREADY_EXISTS"): taken_slug,
    (409, "TRANSITION_NOT_ALLOWED"): lambda client, house: client.post(f"{event_url(house)}complete/"),
    (412, "STALE_VERSION"): lambda client, house: client.patch(event_url(house), {"name": "X"}, HTTP_IF_MATCH='"99"'),
    (415, "UNSUPPORTED_MEDIA_TYPE"): lambda client, _: client.post(EVENTS, b"name", content_type="text/plain"),
    (422, "INVALID"): lambda client, _: client.post(EVENTS, {}),
    (428, "VERSION_REQUIRED"): lambda client, house: client.patch(score_url(house), {"value": "6.00"}),
}


def check(response: Any, status: int, code: str) -> dict[str, Any]:
    """The document, after everything that all of them share."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert set(document) >= MEMBERS
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == TYPE_BASE + code.lower().replace("_", "-")
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert document["correlation_id"] == response.headers["X-Correlation-ID"]
    assert all(set(entry) == ENTRY for entry in document["errors"])
    assert "Traceback" not in json.dumps(document)
    return document


@pytest.mark.parametrize(("status", "code"), REFUSALS, ids=str)
def test_an_error_is_a_problem_document(status: int, code: str, alice: House) -> None:
    response = REFUSALS[status, code](alice.client, alice)

    document = check(response, status, code)
    assert document["instance"] == response.wsgi_request.path


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[" * 100_000, 400, "MALFORMED_REQUEST"),
        (b'{"name":' + b"[" * 50 + b"]" * 50 + b"}", 400, "MALFORMED_REQUEST"),
        (b'{"\\ud800": 1}', 422, "INVALID"),
    ],
    ids=["endless", "deep", "half a character"],
)
def test_a_body_that_nobody_has_thought_of_is_a_problem_of_its_sender(
    body: bytes, status: int, code: str, alice: House
) -> None:
    response = alice.client.post(EVENTS, body, content_type="application/json")

    check(response, status, code)


def test_a_role_that_is_not_enough_is_told_so(town: Town) -> None:
    check(town.callers["viewer"].post(EVENTS, {"name": "Mine"}), 403, "FORBIDDEN")


def test_a_missing_sign_in_says_how_to_do_it() -> None:
    for headers in ({}, {"HTTP_AUTHORIZATION": "Bearer nonsense"}):
        response = APIClient().get(EVENTS, **headers)

        assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_refused_method_names_the_offered_ones(alice: House) -> None:
    assert alice.client.delete(EVENTS).headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_each_invalid_field_has_an_entry(alice: House) -> None:
    body = {"timezone": "Mars/Olympus", "starts_at": "soon", "venue": "x" * 201}
    document = check(alice.client.post(EVENTS, body), 422, "INVALID")

    assert sorted((entry["pointer"], entry["code"]) for entry in document["errors"]) == [
        ("#/name", "REQUIRED"),
        ("#/starts_at", "INVALID"),
        ("#/timezone", "UNKNOWN_TIMEZONE"),
        ("#/venue", "MAX_LENGTH"),
    ]


def test_an_entry_of_a_nested_list_points_at_its_row(alice: House) -> None:
    row = {"assignment": str(new_id()), "entry": str(new_id()), "criterion": str(alice.one(Criterion).pk)}
    body = {"scores": [{**row, "value": "1.00"}, {**row, "value": "much"}]}
    document = check(alice.client.post("/api/v1/scores/bulk/", body), 422, "INVALID")

    assert [entry["pointer"] for entry in document["errors"]] == ["#/scores/1/value"]


def test_a_taken_value_names_its_field(alice: House) -> None:
    document = check(taken_slug(alice.client, alice), 409, "ALREADY_EXISTS")

    assert document["errors"] == [{"pointer": "#/slug", "code": "ALREADY_EXISTS", "detail": "Taken by a live row."}]


def test_a_stale_version_comes_with_the_current_one(alice: House) -> None:
    url = event_url(alice)
    version = alice.client.get(url).json()["version"]
    document = check(alice.client.patch(url, {"name": "X"}, HTTP_IF_MATCH='"99"'), 412, "STALE_VERSION")

    assert document["current_version"] == version


def test_a_fault_of_ours_tells_nothing_but_the_ids(alice: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_view: EventViewSet) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(EventViewSet, "rows", fail)
    response = alice.client.get(EVENTS)

    document = check(response, 500, "INTERNAL_ERROR")
    assert set(document) == MEMBERS
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize(
    ("error", "status"), [(Unavailable("The storage is away.", retry_after=7.2), 503), (TimedOut("Too slow."), 504)]
)
def test_a_dependency_that_is_away_says_when_to_come_back(
    error: Exception, status: int, alice: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_view: EventViewSet) -> None:
        raise error

    monkeypatch.setattr(EventViewSet, "rows", fail)
    response = alice.client.get(EVENTS)

    check(response, status, "DEPENDENCY_UNAVAILABLE" if status == 503 else "DEPENDENCY_TIMEOUT")
    assert response.headers.get("Retry-After") == ("8" if status == 503 else None)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/events/not-an-id/", "/api/nothing", "/api/"])
def test_an_address_without_a_route_is_a_problem_too(
    alice: House, settings: Settings, path: str, debug: bool
) -> None:
    settings.DEBUG = debug
    check(alice.client.get(path), 404, "NOT_FOUND")
    check(alice.client.post(path, {}), 404, "NOT_FOUND")


@override_settings(ALLOWED_HOSTS=["podium.example"])
def test_a_request_that_django_refuses_is_a_problem_too(alice: House) -> None:
    check(alice.client.get(EVENTS, HTTP_HOST="evil.example"), 400, "MALFORMED_REQUEST")


def test_what_a_middleware_lets_fall_is_a_problem_too(alice: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_view: EventViewSet, _request: Any) -> None:
        raise RuntimeError("before any handler")

    monkeypatch.setattr(EventViewSet, "initialize_request", fail)
    alice.client.raise_request_exception = False
    try:
        check(alice.client.get(EVENTS), 500, "INTERNAL_ERROR")
    finally:
        alice.client.raise_request_exception = True


def test_a_null_character_is_refused_and_does_not_reach_the_database(alice: House) -> None:
    check(alice.client.post(EVENTS, {"name": "a\x00b"}), 422, "INVALID")
    assert alice.client.get(f"{EVENTS}?search=a%00b").status_code in {200, 400}


def test_a_body_of_another_shape_is_refused(alice: House) -> None:
    """A list, a word or null where an object is meant."""
    for body in ([], "name", None, 7):
        document = check(alice.client.post(EVENTS, json.dumps(body), content_type="application/json"), 422, "INVALID")

        assert [entry["pointer"] for entry in document["errors"]] in (["#"], ["#/name"])


def test_two_that_take_one_slug_at_once_get_one_conflict(alice: House) -> None:
    """The database decides, whatever was checked before."""
    EventFactory.create(organization=alice.organization, slug="finals")

    check(alice.client.post(EVENTS, {"name": "Finals", "slug": "finals"}), 409, "ALREADY_EXISTS")
