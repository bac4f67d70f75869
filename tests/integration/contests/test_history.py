"""Boards of the past against boards that were recorded when they were present."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.accounts.policies import OperatorAccess
from apps.contests.models import Category, Contest, Contestant
from apps.contests.scoring.errors import InvalidRule
from apps.contests.selectors.board.rows import ContestantRow
from apps.contests.selectors.history import board_at
from apps.contests.selectors.leaderboard import contest_board
from apps.core import clock
from apps.core.erasure.services import erase_person
from apps.core.ids import new_id
from apps.core.tenancy import platform_scope
from tests.api import pointers, problem
from tests.factories.accounts import member
from tests.integration.contests.arena import API, Arena, arena
from tests.integration.contests.changes import KINDS, TIES, Change, apply
from tests.integration.contests.random_contests import MARKS, POINTS

pytestmark = pytest.mark.django_db

ANYONE = OperatorAccess(new_id())
# Every other change is a mark, a delete or a restore.
OFTEN = ("mark", "edit", "delete", "restore", "deduct")

Recorded = list[tuple[datetime, list[ContestantRow] | None]]


def board(contest: Contest, at: datetime | None = None) -> list[ContestantRow] | None:
    """The winner list of now or then; None where the rules can't be applied to what there is."""
    try:
        found = board_at(contest, at, access=ANYONE) if at else contest_board(contest, access=ANYONE)
    except InvalidRule:
        return None
    return found.rows


def some_change(random: Random) -> Change:
    """One of the many things that can be done to a contest."""
    rule = {
        "aggregation": random.choice(["mean", "median", "sum"]),
        "missing": "omit",
        "panel_places": random.randint(0, 3),
        "tie_breakers": [{"kind": kind} for kind in random.choice(TIES)],
    }
    kind = random.choice(OFTEN if random.random() < 0.5 else sorted(KINDS))
    return Change(kind, random.randrange(40), random.randrange(40), random.choice(MARKS + POINTS), rule)


def marked() -> Arena:
    """A contest with all its marks, that has a board also where some are missing."""
    found = arena()
    found.mark_all("8")
    with found.scope():
        Category.objects.update(rule={"missing": "omit"})
    return found


def play(seed: int, changes: int) -> tuple[Recorded, Recorded]:
    """The boards as they were recorded after each change, and the same ones rebuilt at the end."""
    found, random = marked(), Random(seed)
    with found.scope():
        recorded: Recorded = [(clock.now(), board(found.now()))]
        for _ in range(changes):
            apply(found.now(), some_change(random))
            recorded.append((clock.now(), board(found.now())))
        return recorded, [(at, board(found.now(), at)) for at, _ in recorded]


@pytest.mark.parametrize("seed", range(3))
def test_a_board_of_the_past_is_the_one_that_was_there(seed: int) -> None:
    recorded, rebuilt = play(seed, 30)

    assert rebuilt == recorded
    assert len({str(rows) for _, rows in recorded}) > 10


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(100, 120))
def test_boards_of_a_longer_past_are_those_that_were_there(seed: int) -> None:
    recorded, rebuilt = play(seed, 80)

    assert rebuilt == recorded


def places(body: dict[str, Any]) -> list[tuple[int, int | None, str | None]]:
    """Number, rank and total of each line."""
    return [(row["contestant"]["number"], row["rank"], row["total"]) for row in body["rows"]]


def then(found: Arena, at: datetime, role: Role = Role.VIEWER) -> dict[str, Any]:
    """The board of then, as a member reads it."""
    response = found.client(role).get(found.url("leaderboard/"), {"at": at.isoformat()})
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def test_the_board_of_then_knows_nothing_of_what_came_later() -> None:
    found = marked()
    client = found.client()
    before = client.get(found.url("leaderboard/")).json()
    at = clock.now()

    client.post(f"{API}/deductions/", {"entry": str(found.entries[0].pk), "amount": "9", "reason": "Fall"})
    client.post(f"{API}/contestants/{found.entries[1].contestant_id}/disqualify/")
    client.patch(f"{API}/categories/{found.category.pk}/", {"rule": {"aggregation": "sum", "missing": "omit"}})
    found.stand("locked")

    body = then(found, at)
    ignored = {"as_of"}
    assert {name: body[name] for name in body.keys() - ignored} == {
        name: before[name] for name in before.keys() - ignored
    }
    assert places(client.get(found.url("leaderboard/")).json()) != places(body)


def test_the_board_of_now_is_that_of_a_time_that_has_not_come() -> None:
    found = marked()
    now = found.client().get(found.url("leaderboard/")).json()

    later = then(found, clock.now() + timedelta(days=1), Role.OWNER)

    assert later["rows"] == now["rows"]


def test_a_name_that_was_erased_is_not_in_the_past_either() -> None:
    found = marked()
    at = clock.now()
    with found.scope():
        person = member(found.organization, Role.VIEWER, full_name="Mao Asada", email="mao@example.org")
        Contestant.objects.filter(pk=found.entries[0].contestant_id).update(name="Mao Asada", email="mao@example.org")
        at = clock.now()
        Contestant.objects.filter(pk=found.entries[0].contestant_id).update(name="Mao A.")
    with platform_scope("erasing"):
        erase_person(user_id=person.pk)

    text = json.dumps(then(found, at))

    assert "Mao" not in text
    assert then(found, at)["rows"][0]["contestant"]["name"] == "[erased]"


def test_before_there_was_a_contest_there_is_no_board() -> None:
    found = marked()
    earlier = found.contest.created_at - timedelta(days=1)

    problem(found.client().get(found.url("leaderboard/"), {"at": earlier.isoformat()}), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("params", "name"), [({"at": "noon"}, "?at"), ({"at": "2026-01-01T00:00:00Z", "expand": "marks"}, "?expand")]
)
def test_a_time_that_is_none_and_marks_of_then_are_refused(params: dict[str, str], name: str) -> None:
    found = marked()

    document = problem(found.client().get(found.url("leaderboard/"), params), 400, "MALFORMED_REQUEST")

    assert [pointer for pointer, _ in pointers(document)] == [name]


def test_judges_learn_nothing_from_the_past_that_the_present_hides() -> None:
    found = marked()
    scoring = clock.now()
    before = then(found, scoring, Role.JUDGE)
    found.client().post(found.url("lock/"))
    locked = clock.now()

    assert (before["withheld"], places(before)) == (True, [(number, None, None) for number in (1, 2, 3)])
    assert then(found, scoring, Role.JUDGE)["withheld"] is True
    assert (then(found, locked, Role.JUDGE)["withheld"], then(found, locked)["withheld"]) == (False, False)
