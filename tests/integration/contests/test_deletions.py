"""What restores, purges and erasures do to contests and to what is certified of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.contests.models import Contestant, Deduction, Judge, Score
from apps.core.erasure.services import erase_person
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object
from apps.core.softdelete.services.planning import plan_restore
from apps.core.softdelete.services.purging import purge_due
from tests.conftest import FakeClock
from tests.factories.contests import DeductionFactory
from tests.integration.contests.arena import Arena, arena
from tests.integration.core.erasure.dump import mentioning
from tests.integration.core.requests import text_of
from tests.routes import Route, operations

pytestmark = pytest.mark.django_db


def in_the_bin(found: Arena) -> Deletion:
    """A mark that was deleted while the contest was being scored; afterwards everything was marked and certified."""
    found.mark_all("7.25")
    with found.scope():
        gone = DeductionFactory.create(entry=found.entries[0])
        deletion = delete_object(root=gone)
    found.stand("locked")
    found.sign()
    return deletion


def state_of(deletion: Deletion) -> str:
    return Deletion.of_all_organizations.get(pk=deletion.pk).state


def test_nothing_inside_a_certified_contest_is_purged_until_the_certification_is_voided(
    fake_clock: FakeClock,
) -> None:
    found = arena()
    deletion = in_the_bin(found)
    fake_clock.advance(timedelta(days=400).total_seconds())

    assert (purge_due(), state_of(deletion)) == (0, DeletionState.DELETED)
    body = {"label": deletion.root_label}
    refused = found.client().post(f"/api/v1/deletions/{deletion.pk}/purge/", body)
    assert (refused.status_code, [o["code"] for o in refused.json()["objections"]]) == (409, ["CONTEST_CERTIFIED"])

    found.client().post(found.url("void/"), {"reason": "A mark was wrong"})
    assert (purge_due(), state_of(deletion)) == (1, DeletionState.PURGED)
    assert not Deduction._base_manager.filter(pk=deletion.root_id).exists()


def test_the_plan_says_that_standings_change() -> None:
    found = arena()
    with found.scope():
        deletion = delete_object(root=DeductionFactory.create(entry=found.entries[0]))
        plan = plan_restore(deletion=deletion)

    name = found.contest.name
    assert [effect.as_data() for effect in plan.effects] == [
        {"code": "STANDINGS", "detail": f"The standings of {name} are computed anew with what comes back."}
    ]
    assert plan.is_possible


def test_a_contest_whose_board_was_frozen_twice_comes_back_as_planned() -> None:
    found = arena()
    client = found.client()
    for tail in ("freeze/", "unfreeze/", "freeze/", "unfreeze/", "freeze/"):
        assert client.post(found.url(tail), {}).status_code == 200
    deletion = client.delete(found.url())["X-Deletion-ID"]

    plan = client.get(f"/api/v1/deletions/{deletion}/restore-plan/").json()

    assert (plan["possible"], plan["conflicts"]) == (True, [])
    assert client.post(f"/api/v1/deletions/{deletion}/restore/", {"plan": plan["token"]}).status_code == 200


def test_a_certified_result_verifies_after_its_judge_was_erased() -> None:
    """She is a contestant too, and her name and address stand in texts of the contest and of its certification."""
    found = arena(name="Quirina Zwölfer memorial", description="Ask quirina@judges.example.")
    judge = found.person(Role.JUDGE)
    User.objects.filter(pk=judge.pk).update(full_name="Quirina Zwölfer", email="quirina@judges.example")
    with found.scope():
        seated = found.seats[0].judge
        Judge.objects.filter(pk=seated.pk).update(user=judge, name="Quirina Zwölfer", email="quirina@judges.example")
        contestant = found.entries[0].contestant
        Contestant.objects.filter(pk=contestant.pk).update(name="Q. Zwölfer", email="quirina@judges.example")
    found.mark_all("7.25")
    found.stand("locked")
    found.sign()
    found.client().post(found.url("void/"), {"reason": "So wanted quirina@judges.example, who judged."})
    found.sign()
    signed = found.client().get(found.url("certification/")).json()["digest"]

    erase_person(user_id=judge.pk)

    verified = found.client(Role.AUDITOR).get(found.url("certification/verify/")).json()
    assert (verified["holds"], verified["digest"], verified["differences"]) == (True, signed, [])
    with found.scope():
        assert Score.objects.filter(assignment=found.seats[0]).count() == len(found.entries) * len(found.criteria)
        assert Judge._base_manager.get(pk=seated.pk).name.startswith("Erased person")
    assert [route.name for route in READS if "quirina@" in everything(found, route)] == []
    assert mentioning("quirina@judges.example", "Q. Zwölfer") == []
    assert mentioning("Quirina Zwölfer") == WHAT_PEOPLE_KEEP


# What people called a contest may be meant for somebody else of that name.
WHAT_PEOPLE_KEEP = ["contests_contest", "core_auditrecord"]


READS = [
    operation.route
    for operation in operations()
    if operation.method == "GET"
    and operation.route.name.startswith("v1:contests:contest-")
    and operation.route.parameters == ("pk",)
    and operation.action != "deletion_preview"  # for those who delete
]


def everything(found: Arena, route: Route) -> str:
    """Whatever the contest's route answers, exports included, in lower case."""
    response = found.client(Role.AUDITOR).get(route.url({"pk": found.contest.pk}))
    assert response.status_code == 200, route.name
    return text_of(response).lower()
