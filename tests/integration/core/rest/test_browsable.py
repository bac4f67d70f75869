"""Every route that can be read is also a page, forms and all, for somebody who has signed in."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from tests.integration.core.calls import call_of
from tests.integration.core.house import House
from tests.routes import Operation, operations

PAGES = [operation for operation in operations() if operation.method == "GET"]
NO_PAGES = {
    "GET schema": "the document itself",
    "GET docs": "Swagger UI has a page of its own",
    "GET redoc": "Redoc has a page of its own",
    "GET datasets:dataset-download": "the file itself",
    "GET events:event-calendar-calendar": "the file itself",
    "GET events:calendar": "the file itself",
    "GET contests:contest-export-results-csv": "the file itself",
    "GET contests:contest-export-results-xlsx": "the file itself",
    "GET contests:contest-export-results-print": "a page for paper",
    "GET contests:contest-export-marks-csv": "the file itself",
    "GET contests:show-run-of-show-csv": "the file itself",
    "GET contests:show-run-of-show-print": "a page for paper",
}


@pytest.fixture
def browser(alice: House) -> Client:
    """The owner, signed in by session as in the admin."""
    return browser_of(alice.owner)


def browser_of(user: User) -> Client:
    client = Client(headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    client.force_login(user)
    return client


@pytest.mark.parametrize("operation", [o for o in PAGES if str(o) not in NO_PAGES], ids=str)
def test_a_route_is_a_page(operation: Operation, alice: House) -> None:
    call_of(operation).prepare(alice)
    page = browser_of(alice.reader(operation)).get(operation.route.url(alice.values_for(operation.route)))
    text = page.content.decode()

    assert page.status_code == 200, text[:2000]
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "HTTP 200 OK" in text
    assert re.search(r"<h1>[^<]+</h1>", text)


@pytest.mark.parametrize("url", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_documentation_comes_from_this_server_alone(url: str, browser: Client) -> None:
    page = browser.get(url)

    assert page.status_code == 200
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]+\"", page.content.decode()) == []


@pytest.mark.usefixtures("town")
def test_a_stranger_gets_json() -> None:
    response = Client(headers={"accept": "text/html,*/*;q=0.8"}).get("/api/v1/events/")

    assert (response.status_code, response.headers["Content-Type"]) == (401, "application/problem+json")


def test_a_form_makes_and_changes_a_row_without_knowing_of_headers(browser: Client) -> None:
    made = browser.post("/api/v1/events/", {"name": "From a form", "timezone": "UTC", "csrfmiddlewaretoken": "x"})
    assert made.status_code == 201, made.content.decode()[:2000]
    url = made.headers["Location"]

    body = '{"name": "Changed in a form", "version": 1}'
    changed = browser.put(url, body, content_type="application/json")
    assert changed.status_code == 200
    again = browser.put(url, body, content_type="application/json")
    assert again.status_code == 412
