"""Judges chosen for panels, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Category, Contestant, Judge, Recusal
from apps.contests.scoring.draw import draw_order
from tests.api import pointers, problem
from tests.factories.contests import (
    AssignmentFactory,
    CategoryFactory,
    ContestantFactory,
    ContestFactory,
    EntryFactory,
    JudgeFactory,
    RecusalFactory,
)
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


def rink(categories: int = 1, entries: int = 3, judges: int = 4) -> Arena:
    """An open contest whose panels are empty; every category has contestants of its own."""
    contest = ContestFactory.create(status="open", name="Ladies")
    made = [
        CategoryFactory.create(contest=contest, name=f"Group {n + 1}", slug=f"g{n + 1}") for n in range(categories)
    ]
    entered = [
        EntryFactory.create(
            category=category, contestant=ContestantFactory.create(contest=contest, number=10 * place + number)
        )
        for place, category in enumerate(made, start=1)
        for number in range(entries)
    ]
    JudgeFactory.create_batch(judges, organization=contest.organization)
    return Arena(contest, made[0], [], [], entered)


def allocate(found: Arena, role: Role = Role.ORGANIZER, **body: Any) -> Any:
    return found.client(role).post(found.url("allocate-judges/"), body)


def seats(found: Arena) -> list[tuple[str, str, str]]:
    with found.scope():
        stored = Assignment.objects.order_by("category__slug", "seat")
        return list(stored.values_list("category__slug", "seat", "judge__name"))


def test_a_dry_run_shows_whom_the_same_seed_then_seats() -> None:
    found = rink()
    shown = allocate(found, seats=3, seed="Oulu", dry_run=True)
    before = seats(found)
    done = allocate(found, seats=3, seed="Oulu")
    with found.scope():
        keys = {str(judge.pk): judge.name for judge in Judge.objects.all()}

    assert (shown.status_code, before, done.status_code) == (200, [], 201)
    assert done.json() == {**shown.json(), "dry_run": False}
    assert (done.json()["seed"], done.json()["connected"], done.json()["parts"]) == ("Oulu", True, 1)
    assert [one["judge"] for one in done.json()["seats"]] == draw_order("Oulu", keys)[:3]
    assert seats(found) == [
        ("g1", f"J{place}", keys[key]) for place, key in enumerate(draw_order("Oulu", keys)[:3], start=1)
    ]


def test_a_seed_that_nobody_names_is_random_and_told() -> None:
    found = rink()
    seeds = {allocate(found, seats=2, dry_run=True).json()["seed"] for _ in range(2)}

    assert {len(seed) for seed in seeds} == {32}
    assert len(seeds) == 2


def test_who_sits_there_stays_and_free_seats_get_the_free_names() -> None:
    found = rink()
    with found.scope():
        one, other, *_ = Judge.objects.order_by("id")
    AssignmentFactory.create(category=found.category, judge=one, seat="J2")
    AssignmentFactory.create(category=found.category, judge=other, seat="J3", role="reserve")

    response = allocate(found, seats=3)

    assert [one["seat"] for one in response.json()["seats"]] == ["J1", "J4"]
    assert [seat for _, seat, _ in seats(found)] == ["J1", "J2", "J3", "J4"]
    assert len({name for _, _, name in seats(found)}) == 4


def test_nobody_meets_their_own_club_or_whom_they_coach_where_others_are_there() -> None:
    found = rink(categories=2)
    with found.scope():
        club, coach, *_ = Judge.objects.order_by("id")
        Judge.objects.filter(pk=club.pk).update(affiliation="Espoo")
        Contestant.objects.filter(pk=found.entries[0].contestant_id).update(affiliation=" espoo")
        second = Category.objects.get(slug="g2")
        EntryFactory.create(category=second, contestant=found.entries[1].contestant)
    taught = AssignmentFactory.create(category=second, judge=coach, seat="J9")
    RecusalFactory.create(assignment=taught, contestant=found.entries[1].contestant)

    panels = [{"category": str(found.category.pk), "seats": 2}]
    response = allocate(found, panels=panels)

    assert [one["recusals"] for one in response.json()["seats"]] == [[], []]
    assert {one["judge"] for one in response.json()["seats"]} & {str(club.pk), str(coach.pk)} == set()


def test_whom_a_seat_does_not_mark_is_named_and_recorded() -> None:
    found = rink(judges=1)
    with found.scope():
        Judge.objects.update(affiliation="Espoo")
        Contestant.objects.filter(pk=found.entries[1].contestant_id).update(affiliation="Espoo")

    (seat,) = allocate(found, seats=1).json()["seats"]

    met = found.entries[1].contestant
    assert seat["recusals"] == [{"contestant": str(met.pk), "number": met.number, "reason": "Same affiliation"}]
    with found.scope():
        assert list(Recusal.objects.values_list("assignment__seat", "contestant_id", "reason")) == [
            ("J1", met.pk, "Same affiliation")
        ]


def test_groups_are_connected_unless_nobody_may_sit_on_two_panels() -> None:
    found = rink(categories=2)

    apart = allocate(found, seats=2, maximum_load=1, dry_run=True).json()
    joined = allocate(found, seats=2, dry_run=True).json()

    assert (apart["connected"], apart["parts"]) == (False, 2)
    assert (joined["connected"], joined["parts"]) == (True, 1)
    assert sorted(load["seats"] for load in joined["loads"]) == [0, 1, 1, 2]


def test_only_the_judges_that_are_named_are_chosen_from() -> None:
    found = rink()
    with found.scope():
        named = sorted(str(key) for key in Judge.objects.order_by("id").values_list("pk", flat=True)[:2])

    response = allocate(found, seats=2, judges=named)

    assert sorted(one["judge"] for one in response.json()["seats"]) == named


def test_panels_that_can_not_be_filled_are_named_and_nobody_is_seated() -> None:
    found = rink(categories=2, judges=3)
    body = problem(allocate(found, seats=2, maximum_load=1), 409, "NOT_ENOUGH_JUDGES")

    assert [error["code"] for error in body["errors"]] == ["NOT_ENOUGH_JUDGES"]
    assert body["errors"][0]["detail"].endswith(": This panel lacks 1 judge.")
    assert seats(found) == []


def test_what_is_not_there_is_refused_by_name() -> None:
    found, strange = rink(), arena()
    judge, category = str(strange.seats[0].judge_id), str(strange.category.pk)

    unknown = problem(allocate(found, seats=1, judges=[judge]), 422, "INVALID")
    elsewhere = problem(allocate(found, panels=[{"category": category, "seats": 1}]), 422, "INVALID")
    nothing = problem(allocate(found), 422, "INVALID")

    assert pointers(unknown) == [("#/judges", "DOES_NOT_EXIST")]
    assert pointers(elsewhere) == [("#/panels", "DOES_NOT_EXIST")]
    assert pointers(nothing) == [("#/seats", "REQUIRED")]


def test_a_locked_contest_keeps_its_panels() -> None:
    found = rink()
    found.stand("locked")

    problem(allocate(found, seats=1), 409, "CONTEST_LOCKED")
    problem(allocate(found, seats=1, dry_run=True), 409, "CONTEST_LOCKED")
    assert seats(found) == []


def test_who_has_read_another_version_seats_nobody() -> None:
    found = rink()
    client = found.client(Role.ORGANIZER)

    problem(
        client.post(found.url("allocate-judges/"), {"seats": 1}, headers={"If-Match": '"7"'}), 412, "STALE_VERSION"
    )
    assert seats(found) == []


def test_many_panels_take_as_many_queries_as_one() -> None:
    counts = []
    for categories, entries, judges in ((1, 2, 2), (6, 10, 20)):
        found = rink(categories, entries, judges)
        client = found.client(Role.ORGANIZER)
        with CaptureQueriesContext(connection) as captured:
            assert client.post(found.url("allocate-judges/"), {"seats": 2}).status_code == 201
        counts.append(len(captured))

    assert counts[0] == counts[1]
