"""The run of show, and the draws that it comes from."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Contestant, Entry
from apps.contests.scoring.draw import draw_order
from tests.api import problem
from tests.integration.contests.arena import API, Arena, arena
from tests.integration.contests.test_exports import body_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def found() -> Arena:
    """Three entries, nobody has marked yet."""
    made = arena(name="Ladies")
    with made.scope():
        for number, name in ((1, "Aada"), (2, "Berit"), (3, "=Cecilia")):
            Contestant.objects.filter(number=number).update(name=name)
    return made


def draw(found: Arena, role: Role = Role.ORGANIZER, **body: str) -> Any:
    return found.client(role).post(f"{API}/categories/{found.category.pk}/draw/", body)


def starts(found: Arena, role: Role = Role.VIEWER) -> list[tuple[Any, ...]]:
    response = found.client(role).get(found.url("run-of-show/"))
    assert response.status_code == 200, response.content
    (category,) = response.json()["categories"]
    return [(start["order"], start["number"], start["name"], start["status"]) for start in category["starts"]]


def test_a_draw_numbers_the_entries_and_can_be_repeated_by_anyone(found: Arena) -> None:
    response = draw(found, seed="Helsinki 2026")
    body = response.json()
    read = found.client(Role.VIEWER).get(response["Location"]).json()
    keys = [str(entry.contestant_id) for entry in found.entries]

    assert (response.status_code, body["seed"], body["algorithm"]) == (201, "Helsinki 2026", "sha256-sort-1")
    assert read == body
    assert (body["participants"], body["repeats"]) == (sorted(keys), True)
    assert body["result"] == draw_order("Helsinki 2026", keys)
    assert body["drawn_by"] == str(found.person(Role.ORGANIZER).pk)
    with found.scope():
        ordered = Entry.objects.order_by("starting_order").values_list("starting_order", "contestant_id", "version")
        assert [(order, str(who), version) for order, who, version in ordered] == [
            (place, key, 2) for place, key in enumerate(body["result"], start=1)
        ]


def test_a_seed_that_nobody_names_is_random_and_recorded(found: Arena) -> None:
    first, second = draw(found).json(), draw(found, seed="  ").json()
    listed = found.client().get(f"{API}/draws/?category={found.category.pk}").json()["results"]

    assert (len(first["seed"]), len(second["seed"]), first["seed"] == second["seed"]) == (32, 32, False)
    assert [one["id"] for one in listed] == [second["id"], first["id"]]


def test_who_does_not_compete_is_not_drawn_and_listed_last(found: Arena) -> None:
    with found.scope():
        Contestant.objects.filter(number=1).update(status="withdrawn")
        Entry.objects.filter(contestant__number=2).update(state="no_show")
    draw(found)

    assert starts(found) == [
        (1, 3, "=Cecilia", ""),
        (None, 1, "Aada", "Withdrawn"),
        (None, 2, "Berit", "Did not start"),
    ]


def test_a_draw_after_the_first_mark_or_the_lock_is_refused(found: Arena) -> None:
    before = starts(found)
    found.stand("locked")
    problem(draw(found), 409, "CONTEST_LOCKED")
    found.stand("scoring")
    found.mark_all()
    problem(draw(found), 409, "DRAW_TOO_LATE")

    assert starts(found) == before


def test_without_anybody_to_draw_it_is_refused(found: Arena) -> None:
    with found.scope():
        Contestant.objects.update(status="withdrawn")

    problem(draw(found), 409, "NOTHING_TO_DRAW")


def test_only_organizers_draw(found: Arena) -> None:
    for role in (Role.TALLY_MASTER, Role.JUDGE, Role.AUDITOR):
        problem(draw(found, role), 403, "FORBIDDEN")


def test_the_run_of_show_is_a_file_and_a_page_too(found: Arena) -> None:
    seed = draw(found).json()["seed"]
    client = found.client(Role.VIEWER)
    response = client.get(found.url("run-of-show/csv/"))
    rows = list(csv.reader(io.StringIO(body_of(response).decode(), newline="")))
    page = body_of(client.get(found.url("run-of-show/print/"))).decode()

    assert rows[0] == ["Category", "Start", "Number", "Name", "Affiliation", "Status"]
    assert sorted(row[3] for row in rows[1:]) == ["'=Cecilia", "Aada", "Berit"]
    assert [row[1] for row in rows[1:]] == ["1", "2", "3"]
    assert (f"“{seed}”" in page, page.count("<tr>")) == (True, 4)


def test_judges_of_a_blind_contest_see_numbers_only(found: Arena) -> None:
    with found.scope():
        found.contest.blind = True
        found.contest.save()
    judge = found.client(Role.JUDGE)
    texts = [body_of(judge.get(found.url(f"run-of-show/{kind}"))).decode() for kind in ("", "csv/", "print/")]

    assert starts(found, Role.JUDGE) == [(number, number, None, "") for number in (1, 2, 3)]
    assert [name for name in ("Aada", "Club 1") for text in texts if name in text] == []


def test_the_run_of_show_asks_as_often_for_many_categories(found: Arena, django_assert_num_queries: Any) -> None:
    client = found.client()
    starts(found)
    with django_assert_num_queries(6):
        client.get(found.url("run-of-show/"))
    for place in range(5):
        client.post(f"{API}/categories/", {"contest": str(found.contest.pk), "name": f"Extra {place}"})
    with django_assert_num_queries(6):
        assert len(client.get(found.url("run-of-show/")).json()["categories"]) == 6
