"""The tally room: what it shows, and its steps."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import Contest, Score
from tests.factories.accounts import OrganizationFactory, member
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


def browser(found: Arena, role: Role = Role.TALLY_MASTER) -> Client:
    client = Client(HTTP_ACCEPT="text/html")
    client.force_login(found.person(role))
    return client


def room(found: Arena, step: str = "") -> str:
    return f"/tally/{found.contest.pk}/{step}"


def cells(page: str) -> list[tuple[str, str]]:
    return re.findall(r'class="cell (\w+)">([^<]+)<', page)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.TALLY_MASTER, 200), (Role.AUDITOR, 200), (Role.OWNER, 200), (Role.JUDGE, 403), (Role.VIEWER, 403)],
)
def test_the_room_is_for_those_who_read_every_mark(role: Role, status: int) -> None:
    found = arena()

    assert browser(found, role).get(room(found)).status_code == status


def test_of_another_organization_there_is_no_room() -> None:
    found = arena()
    stranger = Client(HTTP_ACCEPT="text/html")
    stranger.force_login(member(OrganizationFactory(), Role.OWNER))

    assert stranger.get(room(found)).status_code == 404
    assert stranger.post(room(found, "lock/")).status_code == 404


def test_it_shows_who_has_marked_what() -> None:
    found = arena()
    found.mark_all()
    with found.scope():
        Score.objects.filter(assignment=found.seats[1], entry=found.entries[0], criterion=found.criteria[0]).delete()

    shown = cells(browser(found).get(room(found)).content.decode())

    assert shown == [("whole", "2/2"), ("begun", "1/2"), *[("whole", "2/2")] * 7]


def test_a_contest_is_locked_and_opened_again_for_a_reason() -> None:
    found = arena()
    found.mark_all()
    client = browser(found)

    client.post(room(found, "lock/"))
    locked = found.now().status
    refused = client.post(room(found, "reopen/"), {"reason": " "}, follow=True)
    still = found.now().status
    client.post(room(found, "reopen/"), {"reason": "a mark was typed wrong"})

    assert (locked, still, found.now().status) == ("locked", "locked", "scoring")
    assert "needs a reason" in refused.content.decode()


def test_the_result_that_was_read_is_signed() -> None:
    found = arena()
    found.mark_all()
    client = browser(found)
    client.post(room(found, "lock/"))
    digest = re.search(r'name="digest" value="(\w{64})"', client.get(room(found)).content.decode())
    assert digest is not None

    other = client.post(room(found, "sign/"), {"digest": "0" * 64}, follow=True)
    signed = client.post(room(found, "sign/"), {"digest": digest[1]}, follow=True)

    assert 'class="given"' not in other.content.decode()
    assert "Signed. Next: auditor." in signed.content.decode()
    assert signed.content.decode().count('class="given"') == 1


def test_judges_who_are_behind_are_reminded_from_the_room() -> None:
    found = arena(name="Ladies")

    said = browser(found).post(room(found, "remind/"), follow=True).content.decode()

    assert "Ladies has 1 judge reminded by mail, out of reach: J2 (no address), J3 (no address)." in said
    assert f'action="{room(found, "remind/")}"' in said


def test_nothing_is_done_by_looking() -> None:
    found = arena()
    client = browser(found)

    assert client.get(room(found, "lock/")).status_code == 405
    assert found.now().status == "scoring"


def test_the_room_costs_the_same_queries_whatever_it_shows() -> None:
    found = arena()
    client = browser(found)
    client.get(room(found))
    with CaptureQueriesContext(connection) as empty:
        client.get(room(found))
    found.mark_all()
    with CaptureQueriesContext(connection) as full:
        assert client.get(room(found)).status_code == 200

    assert len(full) == len(empty)
    with found.scope():
        assert Contest.objects.filter(pk=found.contest.pk, status="scoring").exists()
