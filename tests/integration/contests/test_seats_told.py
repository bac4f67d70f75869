"""Judges who are given seats: one event with all of them, however they were given."""

from __future__ import annotations

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Judge
from apps.core.outbox.models import OutboxMessage
from tests.factories.contests import JudgeFactory
from tests.integration.contests.arena import API, Arena, arena
from tests.integration.contests.imports.uploads import imported

pytestmark = pytest.mark.django_db


def judge_at(found: Arena, address: str) -> Judge:
    made: Judge = JudgeFactory.create(organization=found.organization, email=address)
    return made


def seats_told() -> list[list[str]]:
    """The seats that each event names."""
    told = OutboxMessage.objects.filter(type="contest.judges_seated").order_by("pk")
    return [data["assignments"] for data in told.values_list("data", flat=True)]


def seats_at(found: Arena, address: str) -> list[str]:
    with found.scope():
        seats = Assignment.objects.filter(judge__email=address).order_by("pk")
        return [str(pk) for pk in seats.values_list("pk", flat=True)]


def test_a_seat_that_is_given_over_the_api_is_told_of() -> None:
    found = arena()
    judge = judge_at(found, "ann@example.org")
    body = {"judge": str(judge.pk), "category": str(found.category.pk), "seat": "J9"}

    answer = found.client(Role.ORGANIZER).post(f"{API}/assignments/", body)

    assert answer.status_code == 201
    assert seats_told() == [[answer.json()["id"]]]


def test_seats_that_were_chosen_are_told_of_at_once() -> None:
    found = arena()
    for name in ("ann", "ben"):
        judge_at(found, f"{name}@example.org")

    answer = found.client(Role.ORGANIZER).post(found.url("allocate-judges/"), {"seats": 5})

    assert answer.status_code == 201
    (told,) = seats_told()
    assert sorted(told) == sorted([*seats_at(found, "ann@example.org"), *seats_at(found, "ben@example.org")])
    assert len(told) == 2


@pytest.mark.usefixtures("media", "sent")
def test_seats_from_a_file_are_told_of_at_once() -> None:
    found = arena()
    content = "name,email,seats\nAnn,ann@example.org,short:J7\nBen,ben@example.org,short:J8\nCid,cid@example.org,\n"

    imported(found.client(Role.ORGANIZER), "judges", content, found)

    assert seats_told() == [[*seats_at(found, "ann@example.org"), *seats_at(found, "ben@example.org")]]
