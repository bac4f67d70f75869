"""`?fields=`: rows with the members that were asked for, at no list's or detail's cost."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import mixins

from apps.contests.models import Contest, Contestant
from apps.contests.policies import allowed_transitions
from apps.core.rest.sparse import ACTIONS
from apps.events.models import Event
from config.env import ROOT
from tests.api import pointers, problem
from tests.integration.core.house import House
from tests.integration.core.requests import send
from tests.integration.core.town import Town
from tests.routes import Operation, operations

READS = [
    operation
    for operation in operations()
    if operation.action in ACTIONS
    and issubclass(operation.route.view, mixins.ListModelMixin | mixins.RetrieveModelMixin)
]


@pytest.fixture(scope="module")
def documented() -> dict[str, list[str]]:
    """Operation → the fields that its document names."""
    paths = yaml.safe_load((ROOT / "docs/api/openapi.yaml").read_text(encoding="utf-8"))["paths"]
    return {
        path: parameter["schema"]["items"]["enum"]
        for path, methods in paths.items()
        for parameter in methods.get("get", {}).get("parameters", ())
        if parameter["name"] == "fields"
    }


def rows(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body.get("results", [body]))


@pytest.mark.parametrize("operation", READS, ids=str)
def test_a_row_has_what_was_asked_for_as_it_is_in_the_whole_row(
    operation: Operation, alice: House, documented: dict[str, list[str]]
) -> None:
    client = alice.client_for(operation)
    with CaptureQueriesContext(connection) as captured:
        whole = rows(send(client, operation, alice).json())
    queries = len(captured)
    every = list(whole[0])

    for names in (every[:1], every[1::2], every[::-1]):
        with CaptureQueriesContext(connection) as captured:
            answer = send(client, operation, alice, query=f"?fields={','.join(names)}")
        assert answer.status_code == 200, answer.content
        assert rows(answer.json()) == [{name: value for name, value in row.items() if name in names} for row in whole]
        assert len(captured) <= queries
    assert documented[operation.route.template] == sorted(every)


def test_every_read_that_is_documented_to_take_them_is_tested(documented: dict[str, list[str]]) -> None:
    assert set(documented) == {operation.route.template for operation in READS}


@pytest.mark.parametrize("operation", READS, ids=str)
def test_a_field_that_is_not_there_is_refused_by_name(operation: Operation, alice: House) -> None:
    for asked in ("", "id,surprise"):
        answer = send(alice.client_for(operation), operation, alice, query=f"?fields={asked}")

        assert pointers(problem(answer, 400, "MALFORMED_REQUEST")) == [("?fields", "UNKNOWN_FIELD")]


def test_a_detail_keeps_its_etag(alice: House) -> None:
    url = f"/api/v1/events/{alice.one(Event).pk}/"
    tag = alice.client.get(url).headers["ETag"]
    sparse = alice.client.get(f"{url}?fields=name")

    assert sparse.headers["ETag"] == tag
    assert alice.client.get(f"{url}?fields=name", HTTP_IF_NONE_MATCH=tag).status_code == 304
    assert alice.client.patch(url, {"name": "Renamed"}, HTTP_IF_MATCH=tag).status_code == 200
    assert alice.client.get(f"{url}?fields=name", HTTP_IF_NONE_MATCH=tag).json() == {"name": "Renamed"}


def test_what_is_left_out_is_not_computed(alice: House, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []

    def noticed(status: str) -> list[str]:
        computed.append(status)
        return allowed_transitions(status)

    monkeypatch.setattr("apps.contests.api.v1.serializers.structure.allowed_transitions", noticed)
    url = f"/api/v1/contests/{alice.one(Contest).pk}/"
    assert alice.client.get(f"{url}?fields=id,name").status_code == 200
    assert computed == []
    alice.client.get(f"{url}?fields=transitions")
    assert computed == ["scoring"]


def test_the_next_page_has_the_same_fields_and_a_cursor_is_good_for_others_too(alice: House) -> None:
    for _ in range(2):
        alice.another(Event)
    first = alice.client.get("/api/v1/events/?page_size=1&fields=id").json()
    second = alice.client.get(first["next"]).json()
    wider = alice.client.get(first["next"].replace("fields=id", "fields=id,name")).json()

    assert ([set(row) for row in second["results"]], len(second["results"])) == ([{"id"}], 1)
    assert [(row["id"], set(row)) for row in wider["results"]] == [(second["results"][0]["id"], {"id", "name"})]


def test_it_is_for_reading_only(alice: House) -> None:
    url = f"/api/v1/events/{alice.one(Event).pk}/?fields=name"

    assert "timezone" in alice.client.patch(url, {"name": "Renamed"}).json()


def test_what_is_hidden_from_somebody_stays_hidden(town: Town) -> None:
    alice = town.alice
    url = f"/api/v1/contestants/{alice.one(Contestant).pk}/?fields=email"

    assert alice.client.get(url).json() == {"email": alice.one(Contestant).email}
    assert town.callers["viewer"].get(url).json() == {"email": None}


def test_deleted_rows_have_their_deletion_among_them(alice: House) -> None:
    event = alice.another(Event)
    assert alice.client.delete(f"/api/v1/events/{event.pk}/").status_code == 204

    shown = alice.client.get("/api/v1/events/?only_deleted=true&fields=id,deleted_by").json()["results"]

    assert {"id": str(event.pk), "deleted_by": str(alice.owner.pk)} in shown
