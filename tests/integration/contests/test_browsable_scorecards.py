"""A judge in the browsable API: from the list of seats to a saved card, by links and forms alone."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from apps.accounts.enums import Role
from apps.contests.models import Recusal, Score
from tests.api import problem
from tests.integration.contests.arena import API, Arena, arena

pytestmark = pytest.mark.django_db


class Form(HTMLParser):
    """What a browser would send of the page's `PUT` form: names and values, the chosen options among them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._inside = False
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("data-method") == "PUT" and "multipart" in given.get("enctype", "")
        elif self._inside and tag == "input" and "name" in given:
            self.values[given["name"]] = given.get("value", "")
        elif self._inside and tag == "select":
            self._select = given["name"]
        elif self._inside and tag == "option" and "selected" in given:
            self.values[self._select] = given["value"]


@pytest.fixture
def found() -> Arena:
    """A contest that is being scored; the judge signs in by session and sits on J1."""
    return arena(blind=True)


def browser(found: Arena, role: Role = Role.JUDGE) -> Client:
    client = Client(headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    client.force_login(found.person(role))
    return client


def links(response: Any, pattern: str) -> list[str]:
    """Addresses on the page that look so, in their order."""
    addresses = re.findall(r'href="(?:http://testserver)?([^"]+)"', unescape(response.content.decode()))
    return list(dict.fromkeys(one for one in addresses if re.search(pattern, one)))


def put(client: Client, url: str, values: dict[str, str]) -> Any:
    """As the page's script sends its form."""
    return client.put(url, encode_multipart(BOUNDARY, values), content_type=MULTIPART_CONTENT)


def stored(found: Arena) -> list[tuple[str, str | None]]:
    with found.scope():
        scores = Score.objects.filter(assignment=found.seats[0]).order_by("criterion__position")
        return [(score.state, str(score.value) if score.value is not None else None) for score in scores]


def test_a_judge_finds_their_card_by_links_fills_the_form_and_sees_what_was_saved(found: Arena) -> None:
    client = browser(found)
    mine = client.get(f"{API}/assignments/?user={found.person(Role.JUDGE).pk}")
    (cards,) = links(mine, "/scorecards/$")
    url = links(client.get(cards), "/scorecards/.+/$")[0]
    page = client.get(url)
    form = Form(page.content.decode()).values

    assert url.endswith(f"/{found.entries[0].pk}/")
    assert "Skating skills" in page.content.decode()
    assert {name: form[name] for name in form if name.endswith(("criterion", "value", "state"))} == {
        "marks[0]criterion": str(found.criteria[0].pk),
        "marks[0]value": "",
        "marks[0]state": "scored",
        "marks[1]criterion": str(found.criteria[1].pk),
        "marks[1]value": "",
        "marks[1]state": "scored",
    }

    saved = put(client, url, form | {"marks[0]value": "7.25", "marks[1]state": "abstained"})
    again = Form(saved.content.decode()).values

    assert saved.status_code == 200, saved.content.decode()
    assert stored(found) == [("scored", "7.2500"), ("abstained", None)]
    assert (again["marks[0]value"], again["marks[1]state"]) == ("7.25", "abstained")
    assert again["version"] not in ("", form["version"])

    corrected = put(client, url, again | {"marks[0]value": "8"})
    assert corrected.status_code == 200
    assert stored(found) == [("scored", "8.0000"), ("abstained", None)]


def test_the_raw_form_begins_with_the_card_and_can_be_sent_back(found: Arena) -> None:
    client = browser(found)
    url = f"{API}/assignments/{found.seats[0].pk}/scorecards/{found.entries[0].pk}/"
    page = unescape(client.get(url).content.decode())
    raw = re.findall(r"<textarea[^>]*data-override=\"content\"[^>]*>\s*(\{.*?\})\s*</textarea>", page, re.DOTALL)
    body = json.loads(raw[0])

    assert [(mark["name"], mark["value"], mark["maximum"]) for mark in body["marks"]] == [
        ("Skating skills", None, "10"),
        ("Composition", None, "10"),
    ]
    for mark in body["marks"]:
        mark["value"] = "6.5"
    assert client.put(url, json.dumps(body), content_type="application/json").status_code == 200
    assert stored(found) == [("scored", "6.5000"), ("scored", "6.5000")]


def test_a_refused_card_says_why_and_its_form_has_the_card_as_it_is(found: Arena) -> None:
    client = browser(found)
    url = f"{API}/assignments/{found.seats[0].pk}/scorecards/{found.entries[0].pk}/"
    form = Form(client.get(url).content.decode()).values
    filled = form | {"marks[0]value": "7", "marks[1]value": "7"}

    refused = put(client, url, filled | {"marks[1]value": "11"})
    assert refused.status_code == 422
    assert "Composition is marked from 0 to 10." in refused.content.decode()
    assert put(client, url, filled).status_code == 200
    stale = put(client, url, filled | {"marks[0]value": "9"})
    assert stale.status_code == 412
    assert Form(stale.content.decode()).values["marks[0]value"] == "7"
    assert stored(found) == [("scored", "7.0000")] * 2


def test_somebody_elses_card_is_on_no_page_of_a_judge(found: Arena) -> None:
    found.mark_all("8")
    client = browser(found)
    theirs = f"{API}/assignments/{found.seats[1].pk}/scorecards/"
    page = client.get(f"{theirs}{found.entries[0].pk}/")

    assert (page.status_code, client.get(theirs).status_code) == (403, 403)
    assert Form(page.content.decode()).values.get("marks[0]value") is None
    assert "8.0000" not in page.content.decode()


def test_a_seats_cards_say_how_far_they_are_in_starting_order(found: Arena) -> None:
    with found.scope():
        Recusal.objects.create(
            organization_id=found.organization.pk,
            assignment=found.seats[0],
            contestant=found.entries[2].contestant,
            reason="Coaches them",
        )
    judge = found.client(Role.JUDGE)
    assert judge.post(f"{API}/scores/", found.mark(0, 1, 0)).status_code == 201
    body = judge.get(f"{API}/assignments/{found.seats[0].pk}/scorecards/").json()

    assert (body["seat"], body["category"]) == ("J1", str(found.category.pk))
    assert [(card["number"], card["given"], card["expected"], card["recused"]) for card in body["cards"]] == [
        (1, 0, 2, False),
        (2, 1, 2, False),
        (3, 0, 2, True),
    ]
    problem(judge.get(f"{API}/assignments/{found.seats[1].pk}/scorecards/"), 403, "NOT_YOUR_SEAT")
