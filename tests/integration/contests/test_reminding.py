"""Judges who are behind are reminded: who is, who can't be, and not again at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Recusal, Score
from apps.contests.services.reminding import PAUSE, Reminders, remind_judges
from apps.core.outbox.models import OutboxMessage
from apps.notifications.enums import MailTopic
from apps.notifications.models import SuppressedAddress, Unsubscription
from tests.api import problem
from tests.conftest import FakeClock
from tests.factories.contests import AssignmentFactory, CategoryFactory, CriterionFactory, EntryFactory
from tests.integration.contests.arena import Arena, access_of, arena
from tests.integration.contests.test_concurrency import DEADLINE, elsewhere, until_somebody_waits

pytestmark = pytest.mark.django_db


def panel(**contest: Any) -> Arena:
    """Of three seats, J1 signs in, J2 has an address, and J3 neither; nobody has marked."""
    found = arena(**contest)
    with found.scope():
        found.seats[1].judge.email = "second@example.org"
        found.seats[1].judge.save()
    return found


def remind(found: Arena, role: Role = Role.TALLY_MASTER) -> Any:
    return found.client(role).post(found.url("remind-judges/"), {})


def line(found: Arena, place: int, missing: int, **more: str) -> dict[str, Any]:
    """A seat as the answer shows it."""
    seat = found.seats[place]
    return {
        "assignment": str(seat.pk),
        "seat": seat.seat,
        "category": str(found.category.pk),
        "category_name": found.category.name,
        "judge": str(seat.judge_id),
        "judge_name": seat.judge.name,
        "missing": missing,
        **more,
    }


def told() -> list[dict[str, Any]]:
    return list(OutboxMessage.objects.filter(type="contest.judges_reminded").values_list("data", flat=True))


def in_scope(found: Arena) -> Reminders:
    with found.scope():
        return remind_judges(contest_id=found.contest.pk, access=access_of(found))


def places(reminders: Reminders) -> tuple[list[str], list[str]]:
    """The seats that were reminded now, and those that were lately."""
    now, lately = reminders.reminded, reminders.reminded_lately
    return [one.seat.seat for one in now], [one.seat.seat for one in lately]


def test_who_is_behind_is_told_by_ids_and_counts_and_who_cannot_be_is_named() -> None:
    found = panel()
    client = found.client(Role.JUDGE)
    assert client.post("/api/v1/scores/", found.mark(0, 0, 0)).status_code == 201

    answer = remind(found)

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "contest": str(found.contest.pk),
            "reminded": [line(found, 0, 5), line(found, 1, 6)],
            "reminded_lately": [],
            "unreachable": [line(found, 2, 6, reason="no_address")],
        },
    )
    first, second = found.seats[:2]
    assert told() == [
        {
            "id": str(found.contest.pk),
            "event": str(found.contest.event_id),
            "status": "scoring",
            "judges": [str(first.judge_id), str(second.judge_id)],
            "missing": {str(first.pk): 5, str(second.pk): 6},
        }
    ]


def test_nobody_is_reminded_of_marks_that_are_not_due() -> None:
    found = panel()
    found.mark_all()
    with found.scope():
        Score.objects.filter(assignment=found.seats[0], entry=found.entries[0]).delete()
        Recusal.objects.create(
            organization=found.organization,
            assignment=found.seats[0],
            contestant=found.entries[0].contestant,
            reason="a cousin",
        )
        Score.objects.filter(assignment=found.seats[1]).delete()
        Assignment.objects.filter(pk=found.seats[1].pk).update(role="reserve")

    answer = remind(found)

    assert answer.json() == {
        "contest": str(found.contest.pk),
        "reminded": [],
        "reminded_lately": [],
        "unreachable": [],
    }
    assert told() == []


def test_marks_that_the_rule_would_do_without_are_asked_for_too() -> None:
    found = panel()
    with found.scope():
        found.category.rule = {"missing": "omit"}
        found.category.save()

    assert places(in_scope(found)) == (["J1", "J2"], [])


@pytest.mark.parametrize(
    ("status", "code"),
    [("open", "CONTEST_NOT_SCORING"), ("locked", "CONTEST_LOCKED"), ("draft", "CONTEST_NOT_SCORING")],
)
def test_only_a_contest_that_is_being_scored_asks_for_marks(status: str, code: str) -> None:
    found = panel()
    found.stand(status)

    problem(remind(found), 409, code)

    assert told() == []


def test_who_wants_no_mails_and_whose_address_bounced_is_out_of_reach() -> None:
    found = panel()
    first, here = found.person(Role.JUDGE), found.organization
    Unsubscription.of_all_organizations.create(
        organization=here, address=first.email.upper(), topic=MailTopic.JUDGING
    )
    SuppressedAddress.of_all_organizations.create(organization=here, address="Second@example.org")

    answer = remind(found).json()

    assert (answer["reminded"], told()) == ([], [])
    assert [(one["seat"], one["reason"]) for one in answer["unreachable"]] == [
        ("J1", "wants_none"),
        ("J2", "bounced"),
        ("J3", "no_address"),
    ]


def test_a_judge_is_reminded_once_an_hour_and_not_again_for_another_seat(fake_clock: FakeClock) -> None:
    found = panel()
    first = in_scope(found)
    other = CategoryFactory.create(contest=found.contest, slug="free", position=2)
    CriterionFactory.create(category=other)
    EntryFactory.create(category=other, contestant=found.entries[0].contestant)
    AssignmentFactory.create(category=other, judge=found.seats[0].judge, seat="J1")
    fake_clock.advance(PAUSE.total_seconds() - 1)
    too_early = in_scope(found)
    fake_clock.advance(1)
    in_time = in_scope(found)

    assert [places(first), places(too_early), places(in_time)] == [
        (["J1", "J2"], []),
        ([], ["J1", "J2", "J1"]),
        (["J1", "J2", "J1"], []),
    ]
    assert len(told()) == 2


def test_another_contests_reminder_is_another_matter() -> None:
    found, second = panel(), panel()
    in_scope(found)

    assert places(in_scope(second)) == (["J1", "J2"], [])


def test_it_costs_the_same_queries_however_many_are_behind() -> None:
    found = panel()
    in_scope(found)
    OutboxMessage.objects.all().delete()
    with CaptureQueriesContext(connection) as few:
        in_scope(found)
    OutboxMessage.objects.all().delete()
    for place in range(4, 9):
        seat = AssignmentFactory.create(category=found.category, seat=f"J{place}")
        with found.scope():
            seat.judge.email = f"judge{place}@example.org"
            seat.judge.save()
    with CaptureQueriesContext(connection) as many:
        reminders = in_scope(found)

    assert len(reminders.reminded) == 7
    assert len(many) == len(few)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_remind_at_once_the_second_one_sees_whom_the_first_one_reminded() -> None:
    found = panel()
    access = access_of(found)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = in_scope(found)
            other = elsewhere(pool, found, lambda: remind_judges(contest_id=found.contest.pk, access=access))
            until_somebody_waits()
            assert not other.done()

        second = other.result(DEADLINE)

    assert (places(first), places(second)) == ((["J1", "J2"], []), ([], ["J1", "J2"]))
    assert len(told()) == 1
