"""Lists of contests and what is in them: filters, search, order, and the same queries for one row and for fifty."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from tests.api import pointers, problem
from tests.factories import contests as factories
from tests.integration.contests.arena import API, Arena, arena

pytestmark = pytest.mark.django_db


def contest(found: Arena) -> None:
    factories.ContestFactory.create(event=found.contest.event)


def category(found: Arena) -> None:
    factories.CategoryFactory.create(contest=found.contest)


def criterion(found: Arena) -> None:
    factories.CriterionFactory.create(category=found.category)


def contestant(found: Arena) -> None:
    factories.ContestantFactory.create(contest=found.contest)


def entry(found: Arena) -> None:
    factories.EntryFactory.create(category=found.category)


def judge(found: Arena) -> None:
    factories.JudgeFactory.create(organization=found.organization)


def assignment(found: Arena) -> None:
    factories.AssignmentFactory.create(category=found.category)


def recusal(found: Arena) -> None:
    factories.RecusalFactory.create(assignment=found.seats[0], contestant__contest=found.contest)


def score(found: Arena) -> None:
    factories.ScoreFactory.create(entry__category=found.category)


def deduction(found: Arena) -> None:
    factories.DeductionFactory.create(entry=found.entries[0])


def certification(found: Arena) -> None:
    factories.certify(factories.ContestFactory.create(event=found.contest.event))


MAKERS = {
    "contests": contest,
    "categories": category,
    "criteria": criterion,
    "contestants": contestant,
    "entries": entry,
    "judges": judge,
    "assignments": assignment,
    "recusals": recusal,
    "scores": score,
    "deductions": deduction,
    "certifications": certification,
}


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_list_takes_the_same_queries_for_one_row_and_for_fifty(name: str) -> None:
    found = arena()
    client = found.client()
    MAKERS[name](found)

    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            rows = client.get(f"{API}/{name}/?page_size=100").json()["results"]
        return len(captured), len(rows)

    few, shown = queries()
    for _ in range(50):
        MAKERS[name](found)
    many, all_shown = queries()

    assert (many, all_shown) == (few, shown + 50)


def numbers(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [row["number"] for row in response.json()["results"]]


def test_contestants_are_found_ordered_and_filtered() -> None:
    found = arena()
    client = found.client()
    other = factories.ContestantFactory.create(contest__event=found.contest.event, number=7, name="Yuna Kim")
    url = f"{API}/contestants/"
    client.post(f"{url}{found.entries[1].contestant_id}/withdraw/", {})

    assert numbers(client.get(f"{url}?contest={found.contest.pk}&ordering=-number")) == [3, 2, 1]
    assert numbers(client.get(f"{url}?search=yuna")) == [7]
    assert numbers(client.get(f"{url}?affiliation=CLUB 3")) == [3]
    assert numbers(client.get(f"{url}?status=withdrawn")) == [2]
    assert numbers(client.get(f"{url}?event={other.contest.event_id}&number=7")) == [7]


def test_scores_are_filtered_by_what_they_belong_to() -> None:
    found = arena()
    found.mark_all()
    client = found.client()

    def count(query: str) -> int:
        return len(client.get(f"{API}/scores/?{query}&page_size=100").json()["results"])

    assert count(f"contest={found.contest.pk}") == 18
    assert count(f"entry={found.entries[0].pk}&criterion={found.criteria[0].pk}") == 3
    assert count(f"assignment={found.seats[0].pk}&state=absent") == 0


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?colour=red", "?colour"),
        ("?status=finished", "?status"),
        ("?event=none", "?event"),
        ("?ordering=rule", "?ordering"),
    ],
)
def test_an_unknown_filter_value_or_ordering_is_refused(query: str, pointer: str) -> None:
    found = arena()

    body = problem(found.client().get(f"{API}/contests/{query}"), 400, "MALFORMED_REQUEST")

    assert [name for name, _ in pointers(body)] == [pointer]


def test_addresses_of_people_are_for_organizers() -> None:
    found = arena()
    with found.scope():
        person = found.entries[0].contestant
        person.email = "yuna@example.org"
        person.save()
    url = f"{API}/contestants/{person.pk}/"

    assert found.client(Role.ORGANIZER).get(url).json()["email"] == "yuna@example.org"
    assert found.client(Role.VIEWER).get(url).json()["email"] is None


def browser(found: Arena) -> APIClient:
    """The owner with a session, as the browsable API wants it."""
    client = APIClient()
    client.force_login(found.person(Role.OWNER))
    return client


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_the_browsable_api_shows_every_list_and_every_row_with_its_form(name: str) -> None:
    found = arena()
    client = browser(found)
    MAKERS[name](found)
    row = client.get(f"{API}/{name}/").json()["results"][0]

    listed = client.get(f"{API}/{name}/", HTTP_ACCEPT="text/html")
    shown = client.get(row["url"], HTTP_ACCEPT="text/html")

    assert (listed.status_code, shown.status_code) == (200, 200)
    if name not in {"certifications", "deductions"}:
        assert b"<form" in listed.content
        assert b"<form" in shown.content


def test_the_browsable_api_shows_boards_and_scorecards() -> None:
    found = arena()
    client = browser(found)
    card = f"{API}/assignments/{found.seats[0].pk}/scorecards/{found.entries[0].pk}/"

    for url in (found.url("leaderboard/"), f"{API}/categories/{found.category.pk}/leaderboard/", card):
        assert client.get(url, HTTP_ACCEPT="text/html").status_code == 200
