"""Who asked: ids on every answer, whatever becomes of the request; and addresses with and without the slash."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.core.rest.sheets import XLSX
from apps.core.rest.views import PodiumViewSet
from tests.integration.core.calls import call_of
from tests.integration.core.house import House
from tests.integration.core.requests import send, text_of
from tests.integration.core.town import Town
from tests.routes import METHODS, Operation, Route, operations, routes

EVENTS = "/api/v1/events/"
ANSWERS = {
    200: EVENTS,
    302: "/judge/",
    400: f"{EVENTS}?unknown=1",
    404: f"{EVENTS}01900000-0000-7000-8000-000000000000/",
    405: "/api/v1/auth/login/",
    406: EVENTS,
}


@pytest.mark.parametrize(("status", "url"), ANSWERS.items())
def test_well_formed_ids_come_back_on_every_answer(status: int, url: str, alice: House) -> None:
    headers = {"HTTP_X_REQUEST_ID": "req-1.A_b", "HTTP_X_CORRELATION_ID": "c" * 64}
    if status == 406:
        headers["HTTP_ACCEPT"] = "image/png"
    response = alice.client.get(url, **headers)

    assert response.status_code == status
    assert (response.headers["X-Request-ID"], response.headers["X-Correlation-ID"]) == ("req-1.A_b", "c" * 64)


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a\tb", "é", "a/b", "a,b"])
def test_other_ids_are_replaced_and_never_echoed(given: str, alice: House) -> None:
    response = alice.client.get(EVENTS, HTTP_X_REQUEST_ID=given, HTTP_X_CORRELATION_ID=given)

    assert response.headers["X-Request-ID"] != given
    assert response.headers["X-Correlation-ID"] == response.headers["X-Request-ID"]


def test_ids_are_on_answers_that_no_view_has_made() -> None:
    response = APIClient().get("/nothing-here", HTTP_ACCEPT="text/html", HTTP_X_CORRELATION_ID="story-7")

    assert (response.status_code, response.headers["X-Correlation-ID"]) == (404, "story-7")


@pytest.mark.parametrize(
    "operation", [o for o in operations() if o.method == "GET" and str(o) != "GET root"], ids=str
)
def test_an_address_answers_without_its_slash_as_with_it(operation: Operation, town: Town) -> None:
    call_of(operation).prepare(town.alice)
    url = operation.route.url(town.alice.values_for(operation.route))
    client = town.callers["owner"]

    with_slash, without = (client.get(url), client.get(url.removesuffix("/")))

    assert with_slash.status_code == without.status_code
    assert with_slash.headers["Content-Type"] == without.headers["Content-Type"]
    texts = [text_of(answer)[:40] for answer in (with_slash, without)]
    if with_slash.headers["Content-Type"] != XLSX:  # an archive, which says when it was packed
        assert texts[0] == texts[1]


def test_a_write_without_the_slash_is_done_and_not_sent_elsewhere(alice: House) -> None:
    response = alice.client.post(EVENTS.removesuffix("/"), {"name": "Spring cup"})

    assert response.status_code == 201
    assert response.headers["Location"] == response.json()["url"]
    assert response.json()["url"].endswith(f"{EVENTS}{response.json()['id']}/")


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_a_method_that_is_not_offered_is_405_and_names_the_others(route: Route, town: Town) -> None:
    url = route.url(town.alice.values_for(route))
    offered = {method.upper() for method in route.actions if method in METHODS}
    for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - offered):
        response = town.callers["owner"].generic(method, url)

        assert response.status_code == 405, method
        assert set(response.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == offered


READ = [route for route in routes() if "get" in route.actions and issubclass(route.view, PodiumViewSet)]


@pytest.mark.parametrize("route", READ, ids=lambda route: route.name)
def test_options_tell_what_the_view_is_for(route: Route, town: Town) -> None:
    url = route.url(town.alice.values_for(route))
    response = town.alice.client_for(Operation(route, "GET")).options(url, HTTP_ACCEPT="application/json")

    assert response.status_code == 200
    assert response.json()["name"]
    assert "actions" not in response.json()


@pytest.mark.parametrize("operation", [o for o in operations() if o.action == "create"], ids=str)
def test_what_was_made_says_where_it_is(operation: Operation, alice: House, town: Town) -> None:
    response = send(town.callers["operator"], operation, alice)

    assert response.status_code in {201, 202}
    assert town.callers["operator"].get(response.headers["Location"]).json()["id"] == response.json()["id"]


@pytest.mark.parametrize("header", ["Authorization", "Content-Type", "If-Match", "Idempotency-Key", "X-Organization"])
def test_scripts_of_an_allowed_origin_may_send_every_header_of_the_api(header: str, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://desk.example.org"]

    answer = APIClient().options(
        EVENTS,
        HTTP_ORIGIN="https://desk.example.org",
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS=header.lower(),
    )

    assert answer.headers["Access-Control-Allow-Origin"] == "https://desk.example.org"
    assert header.lower() in answer.headers["Access-Control-Allow-Headers"].split(", ")
