"""What is not known is refused by name: fields of bodies, filters and orderings of lists. Over every route."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.core.calls import call_of
from tests.integration.core.house import House
from tests.integration.core.requests import body_of, send
from tests.integration.core.town import Town
from tests.routes import Operation, operations

LISTS = [operation for operation in operations() if operation.action == "list" and operation.method == "GET"]
BODIES = [operation for operation in operations() if operation.method in {"POST", "PUT", "PATCH"}]
# Actions without any body: what is sent to them is not read.
NO_BODY = {
    f"POST {route}"
    for route in (
        "events:event-publish",
        "events:event-go-live",
        "events:event-complete",
        "events:event-archive",
        "events:event-cancel",
        "events:event-calendar-revoke-calendar-link",
        "notifications:webhook-endpoint-rotate-secret",
        "notifications:webhook-endpoint-test",
        "notifications:email-resend",
        "notifications:webhook-delivery-redeliver",
        "messaging:outbox-message-replay",
        "operations:failed-task-replay",
        "operations:job-cancel",
    )
}


@pytest.mark.parametrize("operation", [o for o in BODIES if str(o) not in NO_BODY], ids=str)
def test_an_unknown_field_is_refused_by_name(operation: Operation, town: Town) -> None:
    call_of(operation).prepare(town.alice)
    body = {**body_of(operation, town.alice), "surprise": "1"}

    response = send(town.callers["operator"], operation, town.alice, body=body)

    assert response.status_code == 422, response.content
    assert [(entry["pointer"], entry["code"]) for entry in response.json()["errors"]] == [
        ("#/surprise", "UNKNOWN_FIELD")
    ]


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_an_unknown_parameter_of_a_list_is_refused_by_name(operation: Operation, alice: House) -> None:
    response = send(alice.client_for(operation), operation, alice, query="?nam=x")

    assert response.status_code == 400, response.content
    assert [(entry["pointer"], entry["code"]) for entry in response.json()["errors"]] == [
        ("?nam", "UNKNOWN_PARAMETER")
    ]


@pytest.mark.parametrize("operation", [o for o in LISTS if "ordering_fields" in dir(o.route.view)], ids=str)
def test_an_unknown_ordering_is_refused_with_the_known_ones(operation: Operation, alice: House) -> None:
    for asked in ("password", "-organization_id", "name;drop", "--id", f"{operation.route.view.ordering_fields[0]},"):
        response = send(alice.client_for(operation), operation, alice, query=f"?ordering={asked}")

        assert response.status_code == 400, asked
        assert response.json()["errors"][0]["code"] == "UNKNOWN_ORDERING"


@pytest.mark.parametrize("operation", [o for o in LISTS if "ordering_fields" in dir(o.route.view)], ids=str)
def test_every_ordering_that_is_offered_works_both_ways_and_over_pages(operation: Operation, alice: House) -> None:
    alice.another(operation.route.view.model)
    for field in operation.route.view.ordering_fields:
        up = _ids(alice, send(alice.client_for(operation), operation, alice, query=f"?ordering={field}&page_size=1"))
        down = _ids(
            alice, send(alice.client_for(operation), operation, alice, query=f"?ordering=-{field}&page_size=1")
        )

        assert up == down[::-1]


def _ids(house: House, response: Any) -> list[str]:
    found = []
    while True:
        assert response.status_code == 200, response.content
        found += [str(row.get("id", row)) for row in response.json()["results"]]
        following = response.json()["next"]
        if not following:
            return found
        response = house.client.get(following)


def _filters(operation: Operation) -> dict[str, Any]:
    return getattr(getattr(operation.route.view, "filterset_class", None), "base_filters", {})


FILTERS = [(operation, name) for operation in LISTS for name in _filters(operation)]


@pytest.mark.parametrize(("operation", "name"), FILTERS, ids=[f"{o}?{name}" for o, name in FILTERS])
def test_a_filter_survives_whatever_is_sent_to_it(operation: Operation, name: str, alice: House) -> None:
    """A value that can't be read is 400 and names the filter; no value is ever a fault of ours."""
    for value in ("%00", "%F0%9F%8F%86", "'", "9" * 400, "-1", "2026-13-45", "[]", "NaN", "Infinity", "1e400"):
        response = send(alice.client_for(operation), operation, alice, query=f"?{name}={value}")

        assert response.status_code in {200, 400}, (value, response.content)
        if response.status_code == 400:
            assert {entry["pointer"] for entry in response.json()["errors"]} == {f"?{name}"}


@pytest.mark.parametrize(("operation", "name"), FILTERS, ids=[f"{o}?{name}" for o, name in FILTERS])
def test_a_filter_that_says_nothing_does_not_show_everything(operation: Operation, name: str, alice: House) -> None:
    """An empty value, or `?voided=maybe`, is refused by name and not passed over."""
    response = send(alice.client_for(operation), operation, alice, query=f"?{name}=")

    assert response.status_code == 400, response.content
    assert {entry["pointer"] for entry in response.json()["errors"]} == {f"?{name}"}


TRUTHS = ("contests/?blind", "deductions/?reversed", "deletions/?legal_hold", "events/?include_deleted")


@pytest.mark.parametrize("address", TRUTHS)
def test_truth_is_true_or_false(address: str, alice: House) -> None:
    answers = {
        value: alice.client.get(f"/api/v1/{address}={value}").status_code
        for value in ("true", "false", "maybe", "1", "2", "yes", "%20", "")
    }

    assert answers.pop("true") == answers.pop("false") == 200
    assert set(answers.values()) == {400}, answers


def test_a_number_of_things_is_whole(alice: House) -> None:
    assert alice.client.get("/api/v1/contestants/?number=0.5").status_code == 400


WRONG_TYPES = [
    ("/api/v1/events/", {"name": 7}, "#/name"),
    ("/api/v1/events/", {"name": True}, "#/name"),
    ("/api/v1/events/", {"name": ["Cup"]}, "#/name"),
    ("/api/v1/contests/", {"name": "Cup", "event": 7}, "#/event"),
    ("/api/v1/contests/", {"name": "Cup", "event": "nobody", "blind": 1}, "#/blind"),
    ("/api/v1/contestants/", {"name": "Mao", "number": "7"}, "#/number"),
    ("/api/v1/contestants/", {"name": "Mao", "number": True}, "#/number"),
    ("/api/v1/contestants/", {"name": "Mao", "members": ["Yuna", 7]}, "#/members/1"),
    ("/api/v1/criteria/", {"name": "Skill", "minimum": False}, "#/minimum"),
    ("/api/v1/scores/bulk/", {"scores": [{"entry": 7}]}, "#/scores/0/entry"),
]


@pytest.mark.parametrize(("url", "body", "pointer"), WRONG_TYPES)
def test_a_value_of_another_json_type_is_refused_and_not_read_as_ours(
    url: str, body: dict[str, Any], pointer: str, alice: House
) -> None:
    response = alice.client.post(url, body)

    assert response.status_code == 422
    assert (pointer, "WRONG_TYPE") in {(entry["pointer"], entry["code"]) for entry in response.json()["errors"]}


@pytest.mark.parametrize("operation", [o for o in LISTS if getattr(o.route.view, "search_fields", ())], ids=str)
def test_a_search_finds_by_the_fields_that_it_says(operation: Operation, alice: House) -> None:
    found = send(alice.client_for(operation), operation, alice, query="?search=zzzzzzzz-nowhere")

    assert (found.status_code, found.json()["results"]) == (200, [])
    assert send(alice.client_for(operation), operation, alice, query="?search=%00").status_code == 200
