"""What a locked or certified contest refuses, by every way there is."""

from __future__ import annotations

from typing import Any

import pytest

from apps.contests.models import Score
from apps.contests.services.transitions import lock_contest
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.errors import Refused
from tests.api import problem
from tests.integration.contests.arena import API, Arena, access_of, arena

pytestmark = pytest.mark.django_db


def parts(found: Arena) -> dict[str, str]:
    """The address of one part of each kind."""
    return {
        "categories": f"{API}/categories/{found.category.pk}/",
        "criteria": f"{API}/criteria/{found.criteria[0].pk}/",
        "contestants": f"{API}/contestants/{found.entries[0].contestant_id}/",
        "entries": f"{API}/entries/{found.entries[0].pk}/",
        "assignments": f"{API}/assignments/{found.seats[0].pk}/",
    }


CHANGES: dict[str, dict[str, Any]] = {
    "categories": {"weight": "2"},
    "criteria": {"factor": "2"},
    "contestants": {"name": "Somebody"},
    "entries": {"technical_points": "3"},
    "assignments": {"seat": "J9"},
}


@pytest.mark.parametrize("kind", sorted(CHANGES))
@pytest.mark.parametrize(("status", "code"), [("locked", "CONTEST_LOCKED"), ("certified", "CONTEST_CERTIFIED")])
def test_the_structure_of_a_locked_contest_is_read_only(kind: str, status: str, code: str) -> None:
    found = arena()
    found.stand(status)
    client = found.client()

    changed = problem(client.patch(parts(found)[kind], CHANGES[kind]), 409, code)
    deleted = problem(client.delete(parts(found)[kind]), 409, "REFUSED")

    assert changed["allowed"]
    assert [objection["code"] for objection in deleted["objections"]] == [code]


def test_nothing_is_added_to_a_locked_contest() -> None:
    found = arena()
    found.stand("locked")
    client = found.client()
    contest = str(found.contest.pk)
    bodies = {
        "categories": {"contest": contest, "name": "Free"},
        "criteria": {"category": str(found.category.pk), "name": "Style"},
        "contestants": {"contest": contest, "number": 9, "name": "Late"},
        "deductions": {"entry": str(found.entries[0].pk), "amount": "1", "reason": "Fall"},
        "recusals": {
            "assignment": str(found.seats[0].pk),
            "contestant": str(found.entries[0].contestant_id),
            "reason": "Coach",
        },
    }

    for kind, body in bodies.items():
        problem(client.post(f"{API}/{kind}/", body), 409, "CONTEST_LOCKED")


def test_a_locked_contest_can_be_described_anew_and_not_ruled_anew() -> None:
    found = arena()
    found.stand("locked")
    client = found.client()

    described = client.patch(found.url(), {"description": "On Sunday", "visibility": "public"})
    problem(client.patch(found.url(), {"rule": {"combination": "sum_of_placements"}}), 409, "CONTEST_LOCKED")

    assert (described.status_code, described.json()["visibility"]) == (200, "public")


def test_a_certified_contest_is_deleted_only_once_its_certification_is_voided() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    client = found.client()
    found.sign()
    event = f"{API}/events/{found.contest.event_id}/"
    preview = client.get(f"{event}deletion-preview/").json()

    refused = problem(client.delete(event), 409, "REFUSED")
    by_itself = problem(client.delete(found.url()), 409, "REFUSED")
    client.post(found.url("void/"), {"reason": "Wrong rink"})

    assert [objection["code"] for objection in refused["objections"]] == ["CONTEST_CERTIFIED"]
    assert by_itself["objections"] == refused["objections"] == preview["objections"]
    assert client.delete(event).status_code == 204


def test_a_row_is_not_restored_into_a_contest_that_was_locked_meanwhile() -> None:
    found = arena()
    client = found.client()
    client.delete(parts(found)["assignments"])
    found.stand("locked")

    problem(client.post(f"{parts(found)['assignments']}restore/", {}), 409, "REFUSED")

    found.stand("scoring")
    assert client.post(f"{parts(found)['assignments']}restore/", {}).status_code == 200


def test_a_deleted_judges_marks_leave_the_board_and_come_back_with_the_judge() -> None:
    found = arena()
    found.mark_all()
    client = found.client()
    judge = f"{API}/judges/{found.seats[0].judge_id}/"
    before = client.get(found.url("leaderboard/")).content

    client.delete(judge)
    without = client.get(found.url("leaderboard/")).json()["rows"][0]["categories"][0]["criteria"][0]["judges"]
    client.post(f"{judge}restore/", {})

    assert without == 2
    assert client.get(found.url("leaderboard/")).content == before
    boards = OutboxMessage.objects.filter(type="leaderboard.changed", subject=f"contest/{found.contest.pk}")
    assert boards.count() == 2


def test_a_bulk_delete_below_the_views_is_refused_too() -> None:
    found = arena()
    found.mark_all()
    with found.scope():
        lock_contest(contest_id=found.contest.pk, access=access_of(found))

        with pytest.raises(Refused):
            Score.objects.filter(entry=found.entries[0]).delete()

        assert Score.objects.count() == 18


def test_a_rule_changed_after_the_first_mark_is_a_new_policy_version() -> None:
    found = arena()
    client = found.client()

    def version() -> int:
        return int(client.get(found.url("leaderboard/")).json()["policy_version"])

    client.patch(parts(found)["criteria"], {"factor": "2"})
    before = version()
    client.post(f"{API}/scores/", found.mark(0, 0, 0))
    client.patch(parts(found)["criteria"], {"factor": "3"})
    client.patch(parts(found)["criteria"], {"name": "Skills"})
    client.patch(parts(found)["categories"], {"rule": {"aggregation": "median"}})
    client.patch(found.url(), {"rule": {"places": 3}})

    assert (before, version()) == (1, 4)


def test_a_scale_can_not_be_moved_away_from_marks() -> None:
    found = arena()
    client = found.client()
    client.post(f"{API}/scores/", found.mark(0, 0, 0, "5.25"))

    off = client.patch(parts(found)["criteria"], {"maximum": "5"})
    coarse = client.patch(parts(found)["criteria"], {"step": "0.5"})
    wide = client.patch(parts(found)["criteria"], {"maximum": "20"})

    assert [response.status_code for response in (off, coarse, wide)] == [422, 422, 200]


@pytest.mark.parametrize("marked", [False, True])
def test_after_the_first_mark_a_category_or_criterion_that_comes_or_goes_is_another_policy(marked: bool) -> None:
    """The first mark was given, also where it was deleted since, as it is with its criterion here."""
    found = arena()
    client = found.client()
    if marked:
        client.post(f"{API}/scores/", found.mark(0, 0, 0))
    criterion = f"{API}/criteria/{found.criteria[0].pk}/"
    body = {"contest": str(found.contest.pk), "name": "Free skating"}
    versions = [found.now().policy_version]

    for work in (
        lambda: client.delete(criterion, HTTP_IF_MATCH="*"),
        lambda: client.post(f"{criterion}restore/", {}),
        lambda: client.post(f"{API}/categories/", body),
        lambda: client.post(f"{API}/criteria/", {"category": str(found.category.pk), "name": "Presentation"}),
        lambda: client.delete(f"{API}/categories/{found.category.pk}/", HTTP_IF_MATCH="*"),
    ):
        assert work().status_code < 300
        versions.append(found.now().policy_version)

    assert versions == ([1, 2, 3, 4, 5, 6] if marked else [1] * 6)
