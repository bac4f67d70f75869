"""Boards of the past against boards that were recorded when they were present."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.enums import Role
from apps.accounts.policies import OperatorAccess
from apps.contests.models import Category, Contest, Contestant, Score
from apps.contests.scoring.errors import InvalidRule
from apps.contests.selectors.board.rows import ContestantRow
from apps.contests.selectors.history import board_at
from apps.contests.selectors.leaderboard import contest_board
from apps.core import clock
from apps.core.erasure.services import erase_person
from apps.core.errors import PodiumError
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
            with suppress(PodiumError), transaction.atomic():  # a restore may be refused
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
@pytest.mark.parametrize("seed", range(100, 108))
def test_boards_of_a_longer_past_are_those_that_were_there(seed: int) -> None:
    recorded, rebuilt = play(seed, 60)

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


def changes_of(found: Arena, role: Role = Role.TALLY_MASTER, **params: Any) -> dict[str, Any]:
    """What made the changes, as a member reads it."""
    response = found.client(role).get(found.url("leaderboard/changes/"), params)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def moves(step: dict[str, Any]) -> list[tuple[int, int | None, int | None]]:
    """Number, place before and place after."""
    return [(move["contestant"]["number"], move["before"], move["after"]) for move in step["moved"]]


def test_a_change_of_places_is_explained_by_the_mark_that_made_it() -> None:
    found = marked()
    since = clock.now()
    with found.scope():
        score = Score.objects.get(assignment=found.seats[1], entry=found.entries[2], criterion=found.criteria[0])
        Score.objects.filter(entry=found.entries[2]).exclude(pk=score.pk).update(value="7")
    tally, client = found.person(Role.TALLY_MASTER), found.client(Role.TALLY_MASTER)
    told = {"HTTP_X_CORRELATION_ID": "protest-7", "HTTP_IF_MATCH": "*"}

    changed = client.patch(f"{API}/scores/{score.pk}/", {"value": "10"}, **told)

    assert changed.status_code == 200, changed.content
    (protest,) = changes_of(found, since=since.isoformat())["results"]  # the marks before it moved nobody
    assert moves(protest) == [(3, 3, 2), (2, 2, 3)]
    assert (protest["actor"], protest["correlation_id"]) == (str(tally.pk), "protest-7")
    assert protest["causes"] == [
        {
            "model": "contests.score",
            "action": "changed",
            "row": str(score.pk),
            "deletion": None,
            "count": 1,
            "contestant": str(found.entries[2].contestant_id),
            "criterion": str(found.criteria[0].pk),
            "seat": "J2",
            "old": {"value": "6"},
            "new": {"value": "10"},
        }
    ]


def test_each_kind_of_change_names_its_cause() -> None:
    found = marked()
    since, client = clock.now(), found.client()
    first, second, last = found.entries

    def did(what: str, answer: Any) -> None:
        assert answer.status_code < 400, (what, answer.content)

    fall = client.post(f"{API}/deductions/", {"entry": str(first.pk), "amount": "9", "reason": "Fall"})
    did("deduct", fall)
    did("reverse", client.post(f"{API}/deductions/{fall.json()['id']}/reverse/", {"reason": "No fall"}))
    did("withdraw", client.post(f"{API}/contestants/{first.contestant_id}/withdraw/"))
    did("reinstate", client.post(f"{API}/contestants/{first.contestant_id}/reinstate/"))
    gone = client.delete(f"{API}/contestants/{second.contestant_id}/")
    did("delete", gone)
    did("restore", client.post(f"{API}/deletions/{gone['X-Deletion-ID']}/restore/"))
    with found.scope():  # by the mean the first wins, by the median the second
        Score.objects.filter(entry=first, assignment=found.seats[0]).update(value="10")
        Score.objects.filter(entry=first).exclude(assignment=found.seats[0]).update(value="6.75")
    rule = {"rule": {"aggregation": "median", "missing": "omit"}}
    did("rule", client.patch(f"{API}/categories/{found.category.pk}/", rule))
    did("rename", client.patch(f"{API}/contestants/{last.contestant_id}/", {"name": "Mao"}))

    body = changes_of(found, since=since.isoformat())

    shown = [
        (step["causes"][0]["model"], step["causes"][0]["action"], sorted(step["causes"][0]["new"]), moves(step))
        for step in body["results"]
    ]
    points, back = ["amount", "stage", "unit"], [(1, 3, 1), (2, 1, 2), (3, 2, 3)]
    assert shown == [
        ("contests.deduction", "created", points, [(2, 2, 1), (3, 3, 2), (1, 1, 3)]),
        ("contests.deduction", "changed", ["reversed_at"], back),
        ("contests.contestant", "changed", ["status"], [(2, 2, 1), (3, 3, 2), (1, 1, None)]),
        ("contests.contestant", "changed", ["status"], [(1, None, 1), (2, 1, 2), (3, 2, 3)]),
        ("contests.contestant", "deleted", [], [(3, 3, 2), (2, 2, None)]),
        ("contests.contestant", "restored", [], [(2, None, 2), (3, 2, 3)]),
        ("contests.category", "changed", ["rule"], [(2, 2, 1), (1, 1, 2)]),
    ]
    assert body["next"] is None


def test_a_name_that_looks_like_a_number_is_shown_as_it_is() -> None:
    found = marked()
    criterion = found.criteria[0]
    with found.scope():
        Score.objects.filter(entry=found.entries[2]).exclude(criterion=criterion).update(value="9")
    since = clock.now()

    changed = found.client().patch(f"{API}/criteria/{criterion.pk}/", {"name": "1e3", "factor": "0.25"})

    assert changed.status_code == 200, changed.content
    (step,) = changes_of(found, since=since.isoformat())["results"]
    assert [(cause["old"], cause["new"]) for cause in step["causes"]] == [
        ({"name": "Skating skills", "factor": "1"}, {"name": "1e3", "factor": "0.25"})
    ]


def test_changes_come_in_pages_and_no_page_repeats_or_leaves_out() -> None:
    found = marked()
    since, client = clock.now(), found.client()
    for status in ("withdraw", "reinstate") * 3:
        client.post(f"{API}/contestants/{found.entries[0].contestant_id}/{status}/")
    whole = changes_of(found, since=since.isoformat())["results"]

    pages, at = [], since.isoformat()
    while at:
        page = changes_of(found, since=at, limit=2)
        pages.append(page["results"])
        at = page["next"]

    assert [len(page) for page in pages] == [2, 2, 2]
    assert [step for page in pages for step in page] == whole


def test_what_may_not_be_read_is_not_in_the_changes() -> None:
    found = marked()
    with found.scope():
        Contest.objects.update(blind=True)
        Score.objects.filter(entry=found.entries[2]).update(value="7.75")

    judge = changes_of(found, Role.JUDGE)
    viewer = changes_of(found, Role.VIEWER)
    found.stand("locked")
    judge_later = changes_of(found, Role.JUDGE)

    assert (judge["withheld"], judge["results"], judge["next"]) == (True, [], None)
    assert (viewer["withheld"], judge_later["withheld"]) == (False, False)
    for body in (viewer, judge_later):
        marks = [cause for step in body["results"] for cause in step["causes"] if cause["model"] == "contests.score"]
        assert {(str(cause["old"]), str(cause["new"]), cause["seat"]) for cause in marks} == {("{}", "{}", None)}
        assert {step["actor"] for step in body["results"]} == {None}
    names = {move["contestant"]["name"] for step in judge_later["results"] for move in step["moved"]}
    assert names == {None}


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "101"}, {"since": "then"}, {"until": "now"}])
def test_a_page_of_changes_that_makes_no_sense_is_refused(params: dict[str, str]) -> None:
    found = marked()

    document = problem(found.client().get(found.url("leaderboard/changes/"), params), 400, "MALFORMED_REQUEST")

    assert [pointer for pointer, _ in pointers(document)] == [f"?{name}" for name in params]


def test_a_large_contest_is_looked_through_in_fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    found = marked()
    since, client = clock.now(), found.client()
    for status in ("withdraw", "reinstate", "withdraw"):
        client.post(f"{API}/contestants/{found.entries[0].contestant_id}/{status}/")
    monkeypatch.setattr("apps.contests.selectors.changes.MOST_MARKS", 2 * 18)

    body = changes_of(found, since=since.isoformat())

    assert (len(body["results"]), body["next"]) == (2, body["results"][1]["at"])
