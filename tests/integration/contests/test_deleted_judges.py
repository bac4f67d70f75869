"""A judge who is deleted: the marks leave what is still being scored, and stay in what is locked or certified."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Judge, Score
from apps.core import clock
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services.purging import claim, purge_claimed
from tests.api import problem
from tests.factories.contests import (
    AssignmentFactory,
    CategoryFactory,
    ContestFactory,
    CriterionFactory,
    EntryFactory,
    JudgeFactory,
    ScoreFactory,
)
from tests.integration.contests.arena import API, Arena, arena

pytestmark = pytest.mark.django_db


def judge_of(found: Arena) -> str:
    return f"{API}/judges/{found.seats[0].judge_id}/"


def marks(found: Arena) -> int:
    """How many marks of the first seat are live."""
    with found.scope():
        return int(Score.objects.filter(assignment=found.seats[0]).count())


def board(found: Arena) -> Any:
    return found.client().get(found.url("leaderboard/?expand=marks")).json()["rows"]


@pytest.mark.parametrize("status", ["locked", "certified", "published"])
def test_marks_of_a_deleted_judge_still_count_in_a_closed_contest(status: str) -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    found.sign(but=3 if status == "locked" else 0)
    if status == "published":
        found.client().post(found.url("publish/"), {})
    before = board(found)

    preview = found.client().get(f"{judge_of(found)}deletion-preview/").json()
    deleted = found.client().delete(judge_of(found))

    assert (deleted.status_code, preview["counts"], preview["possible"]) == (204, {"contests.judge": 1}, True)
    assert board(found) == before
    assert found.client().get(judge_of(found)).status_code == 404
    assert found.client().get(f"{API}/assignments/{found.seats[0].pk}/").json()["seat"] == "J1"
    if status != "locked":
        assert found.client().get(found.url("certification/verify/")).json()["holds"] is True


def test_a_deleted_judges_marks_leave_what_is_being_scored_and_stay_in_what_is_closed() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    scoring = ContestFactory.create(event=found.contest.event, status="scoring")
    category = CategoryFactory.create(contest=scoring)
    seat = AssignmentFactory.create(category=category, judge=found.seats[0].judge, seat="J1")
    entry = EntryFactory.create(category=category)
    ScoreFactory.create(entry=entry, assignment=seat, criterion=CriterionFactory.create(category=category))

    deleted = found.client().delete(judge_of(found))
    with found.scope():
        without = [Score.objects.filter(entry=entry).count(), marks(found)]
    found.client().post(f"{API}/deletions/{deleted['X-Deletion-ID']}/restore/", {})
    with found.scope():
        again = [Score.objects.filter(entry=entry).count(), marks(found)]

    assert (without, again) == ([0, 6], [1, 6])


def test_a_result_can_be_signed_after_one_of_its_judges_was_deleted() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    found.client().delete(judge_of(found))

    found.sign()

    certified = found.client().get(found.url("certification/")).json()["document"]
    assert len(certified["categories"][str(found.category.pk)]["seats"]) == 3
    assert found.client().get(found.url("certification/verify/")).json()["holds"] is True


def test_a_judge_does_not_come_back_into_a_contest_that_was_locked_without_them() -> None:
    found = arena()
    found.mark_all()
    client = found.client()
    deletion = client.delete(judge_of(found))["X-Deletion-ID"]
    assert client.post(found.url("lock/"), {}).status_code == 200

    refused = problem(client.post(f"{API}/deletions/{deletion}/restore/", {}), 409, "REFUSED")

    assert [objection["code"] for objection in refused["objections"]] == ["CONTEST_LOCKED"]


def test_a_closed_contest_comes_back_whole_while_one_of_its_judges_is_deleted() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    found.sign()
    client = found.client()
    client.post(found.url("void/"), {"reason": "To delete it"})
    client.delete(judge_of(found))
    before = board(found)
    deletion = client.delete(found.url())["X-Deletion-ID"]

    plan = client.get(f"{API}/deletions/{deletion}/restore-plan/").json()
    restored = client.post(f"{API}/deletions/{deletion}/restore/", {})

    assert (plan["possible"], plan["staying"]) == (True, {})
    assert restored.status_code == 200
    assert board(found) == before


def test_a_deleted_judge_is_purged_once_no_closed_result_names_them() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    client = found.client()
    gone = Deletion.of_all_organizations.get(pk=client.delete(judge_of(found))["X-Deletion-ID"])
    contest = Deletion.of_all_organizations.get(pk=client.delete(found.url())["X-Deletion-ID"])
    Deletion.of_all_organizations.update(expires_at=clock.now())

    postponed = claim(deletion_id=gone.pk)
    assert claim(deletion_id=contest.pk)
    assert purge_claimed(deletion_id=contest.pk)
    assert claim(deletion_id=gone.pk)
    assert purge_claimed(deletion_id=gone.pk)

    assert postponed is False
    states = Deletion.of_all_organizations.filter(pk__in=[gone.pk, contest.pk]).values_list("state", flat=True)
    assert set(states) == {DeletionState.PURGED}
    with found.scope():
        assert not Judge.all_objects.filter(pk=found.seats[0].judge_id).exists()
        assert not Assignment.all_objects.exists()


def test_a_deleted_judge_is_kept_while_a_reopened_contest_has_a_seat_of_theirs() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    client = found.client()
    gone = Deletion.of_all_organizations.get(pk=client.delete(judge_of(found))["X-Deletion-ID"])
    found.stand("scoring")
    Deletion.of_all_organizations.update(expires_at=clock.now())

    postponed = claim(deletion_id=gone.pk)
    client.delete(f"{API}/assignments/{found.seats[0].pk}/")

    assert (postponed, marks(found)) == (False, 0)
    assert claim(deletion_id=gone.pk)
    assert purge_claimed(deletion_id=gone.pk)
    connection.check_constraints()


def test_a_deleted_judge_reads_and_writes_nothing_from_a_seat_that_stayed() -> None:
    found = arena()
    found.mark_all()
    judge = found.client(Role.JUDGE)
    found.stand("locked")
    found.client().delete(judge_of(found))
    found.stand("scoring")

    refused = judge.post(f"{API}/scores/", found.mark(0, 0, 0))

    problem(refused, 403, "NOT_YOUR_SEAT")
    assert judge.get(f"{API}/scores/").json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_what_would_go_and_come_back_is_shown_without_a_transaction_of_the_callers() -> None:
    found = arena()
    client, category = found.client(), f"{API}/categories/{found.category.pk}/"

    preview = client.get(f"{category}deletion-preview/")
    deletion = client.delete(category)["X-Deletion-ID"]
    plan = client.get(f"{API}/deletions/{deletion}/restore-plan/")

    assert (preview.status_code, preview.json()["possible"]) == (200, True)
    assert (plan.status_code, plan.json()["possible"]) == (200, True)


def test_a_judge_and_a_successor_in_one_seat_are_named_when_their_category_comes_back() -> None:
    found = arena()
    client, seat = found.client(), found.seats[0]
    with_judge = client.delete(judge_of(found))["X-Deletion-ID"]
    with found.scope():
        successor = AssignmentFactory.create(category=seat.category, judge=JudgeFactory.create(), seat=seat.seat)
    with_category = client.delete(f"{API}/categories/{seat.category_id}/")["X-Deletion-ID"]
    client.post(f"{API}/deletions/{with_judge}/restore/", {})

    refusal = client.post(f"{API}/deletions/{with_category}/restore/", {})
    changes = {
        taken["id"]: {taken["field"]: "J9"} for taken in problem(refusal, 409, "RESTORE_CONFLICT")["conflicts"]
    }
    answer = client.post(f"{API}/deletions/{with_category}/restore/", {"changes": changes})

    assert changes == {str(successor.pk): {"seat": "J9"}}
    assert answer.status_code == 200
    with found.scope():
        assert set(Assignment.objects.filter(category=seat.category, seat__in=[seat.seat, "J9"])) == {seat, successor}
