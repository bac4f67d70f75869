"""A judge's pages: their own seats, and nobody else's marks or names."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import Contest, Recusal
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db
HTML = "text/html"


def browser(found: Arena, role: Role = Role.JUDGE) -> Client:
    client = Client()
    client.force_login(found.person(role))
    return client


def card(found: Arena, *, seat: int = 0, entry: int = 0) -> str:
    return f"/judge/{found.seats[seat].pk}/{found.entries[entry].pk}/"


def test_who_has_not_signed_in_is_asked_to() -> None:
    answer = Client().get("/judge/")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/judge/")


def test_a_judge_finds_their_seats_entries_and_cards() -> None:
    found = arena()
    client = browser(found)

    assert f"/judge/{found.seats[0].pk}/" in client.get("/judge/").content.decode()
    assert card(found) in client.get(f"/judge/{found.seats[0].pk}/").content.decode()
    page = client.get(card(found)).content.decode()
    assert [str(criterion.pk) in page for criterion in found.criteria] == [True, True]
    assert 'max="10" step="0.25"' in page


@pytest.mark.parametrize("role", [Role.JUDGE, Role.OWNER])
def test_somebody_elses_seat_is_not_there(role: Role) -> None:
    found = arena()
    found.person(Role.JUDGE)
    client = browser(found, role)

    assert client.get(f"/judge/{found.seats[1].pk}/", HTTP_ACCEPT=HTML).status_code == 404
    assert client.get(card(found, seat=1), HTTP_ACCEPT=HTML).status_code == 404


def test_in_a_blind_contest_a_judge_sees_numbers() -> None:
    found = arena(blind=True)
    found.mark_all()
    client = browser(found)
    with found.scope():
        names = list(found.contest.contestants.values_list("name", flat=True))

    pages = [client.get(url).content.decode() for url in (f"/judge/{found.seats[0].pk}/", card(found))]

    assert [name for name in names for page in pages if name in page] == []


def test_a_locked_contest_is_read_only() -> None:
    found = arena()
    client = browser(found)
    with found.scope():
        Contest.objects.filter(pk=found.contest.pk).update(status="locked")

    page = client.get(card(found)).content.decode()

    assert page.count(" disabled>") == len(found.criteria)
    assert "marks are read-only" in page


def test_a_recused_judge_has_nothing_to_mark() -> None:
    found = arena()
    client = browser(found)
    with found.scope():
        Recusal.objects.create(
            organization=found.organization,
            assignment=found.seats[0],
            contestant=found.entries[0].contestant,
            reason="a former pupil",
        )

    assert "<form id=" not in client.get(card(found)).content.decode()
    assert card(found) not in client.get(f"/judge/{found.seats[0].pk}/").content.decode()


def test_a_seat_costs_the_same_queries_whatever_it_has_to_mark() -> None:
    found = arena()
    client = browser(found)
    url = f"/judge/{found.seats[0].pk}/"
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as empty:
        client.get(url)
    found.mark_all()
    with CaptureQueriesContext(connection) as full:
        client.get(url)

    assert len(full) == len(empty)
