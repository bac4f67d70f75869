"""A contest's way over the API: what is allowed, what is refused, and what is said about it."""

from __future__ import annotations

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Certification, Recusal
from apps.core.outbox.models import OutboxMessage
from tests.api import pointers, problem
from tests.factories.contests import ContestFactory
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


def told(found: Arena) -> list[str]:
    """The types of events about this contest, in order."""
    messages = OutboxMessage.objects.filter(subject=f"contest/{found.contest.pk}").order_by("id")
    return list(messages.values_list("type", flat=True))


def test_a_contest_goes_its_whole_way_and_back() -> None:
    found = arena()
    found.stand("draft")
    client = found.client()
    statuses = []
    for step, body in (
        ("open", {}),
        ("start-scoring", {}),
        ("lock", {}),
        ("reopen", {"reason": "A mark was wrong"}),
        ("lock", {}),
        ("sign", {}),
        ("publish", {}),
        ("void", {"reason": "Wrong skater"}),
    ):
        if step == "start-scoring":
            found.mark_all()
        if step == "sign":
            found.sign()
            statuses.append(found.now().status)
            continue
        response = client.post(found.url(f"{step}/"), body)
        assert response.status_code == 200, response.content
        statuses.append(response.json()["status"])

    assert statuses == ["open", "scoring", "locked", "scoring", "locked", "certified", "published", "locked"]
    assert told(found) == [
        "contest.opened",
        "contest.scoring_started",
        "contest.locked",
        "contest.reopened",
        "contest.locked",
        "contest.signed",
        "contest.signed",
        "contest.signed",
        "contest.certified",
        "contest.published",
        "contest.voided",
    ]


@pytest.mark.parametrize(
    ("status", "step", "allowed"),
    [
        ("draft", "lock", ["open"]),
        ("open", "open", ["start-scoring"]),
        ("locked", "publish", ["reopen", "sign"]),
        ("certified", "lock", ["publish", "void"]),
        ("published", "publish", ["void"]),
    ],
)
def test_a_step_that_is_not_allowed_is_a_conflict_that_names_the_allowed_ones(
    status: str, step: str, allowed: list[str]
) -> None:
    found = arena()
    found.stand(status)

    body = problem(found.client().post(found.url(f"{step}/"), {}), 409, "TRANSITION_NOT_ALLOWED")

    assert (body["status"], body["current_status"], body["allowed"]) == (409, status, allowed)
    assert found.now().status == status


def test_a_status_in_the_body_changes_nothing() -> None:
    found = arena()

    response = found.client().patch(found.url(), {"name": "Ladies", "status": "published"})

    assert (response.status_code, response.json()["status"]) == (200, "scoring")


def test_a_lock_is_refused_while_marks_are_missing_and_names_each() -> None:
    found = arena()
    client = found.client()
    client.post("/api/v1/scores/bulk/", {"scores": [found.mark(0, 0, 0), found.mark(0, 0, 1)]})

    body = problem(client.post(found.url("lock/"), {}), 409, "MARKS_MISSING")

    assert body["missing"] == 16
    assert len(body["errors"]) == 16
    assert body["errors"][0]["pointer"] == f"#/categories/short/entries/{found.entries[0].pk}"
    assert body["errors"][0]["detail"] == "J2 has not marked Skating skills of number 1."


def test_a_lock_waits_for_no_mark_of_absent_reserve_recused_or_withdrawn_ones() -> None:
    found = arena()
    client = found.client()
    client.post(f"/api/v1/contestants/{found.entries[0].contestant_id}/withdraw/", {})
    client.post(f"/api/v1/entries/{found.entries[1].pk}/no-show/", {})
    client.patch(f"/api/v1/assignments/{found.seats[0].pk}/", {"role": "reserve"})
    client.post(
        "/api/v1/recusals/",
        {
            "assignment": str(found.seats[1].pk),
            "contestant": str(found.entries[2].contestant_id),
            "reason": "Coach",
        },
    )
    absent = [found.mark(2, 2, n, None, state="absent") for n in (0, 1)]
    assert client.post("/api/v1/scores/bulk/", {"scores": absent}).status_code == 201

    assert client.post(found.url("lock/"), {}).status_code == 200


def test_a_judge_of_the_same_club_is_recused_at_the_latest_by_the_lock() -> None:
    found = arena()
    found.mark_all()
    with found.scope():
        judge = found.seats[0].judge
        judge.affiliation = " CLUB 1 "
        judge.save()

    found.client().post(found.url("lock/"), {})

    with found.scope():
        assert list(Recusal.objects.values_list("assignment", "contestant", "reason")) == [
            (found.seats[0].pk, found.entries[0].contestant_id, "Same affiliation")
        ]


@pytest.mark.parametrize("step", ["reopen", "void"])
def test_taking_something_back_needs_a_reason(step: str) -> None:
    found = arena()
    found.stand({"reopen": "locked", "void": "certified"}[step])

    body = problem(found.client().post(found.url(f"{step}/"), {}), 422, "INVALID")

    assert pointers(body) == [("#/reason", "REQUIRED")]


@pytest.mark.parametrize(
    ("role", "step", "status", "expected"),
    [
        (Role.TALLY_MASTER, "lock", "scoring", 200),
        (Role.ORGANIZER, "lock", "scoring", 403),
        (Role.ADMIN, "void", "certified", 403),
        (Role.VIEWER, "open", "draft", 403),
        (Role.JUDGE, "reopen", "locked", 403),
    ],
)
def test_a_step_needs_its_role(role: Role, step: str, status: str, expected: int) -> None:
    found = arena()
    found.mark_all()
    found.stand(status)

    needs_reason = step in {"reopen", "void"}
    response = found.client(role).post(found.url(f"{step}/"), {"reason": "why"} if needs_reason else {})

    assert response.status_code == expected


def test_a_step_from_a_version_that_is_no_longer_the_current_one_is_refused() -> None:
    found = arena()
    found.stand("draft")
    stale = f'"{found.contest.version}"'

    problem(found.client().post(found.url("open/"), {}, HTTP_IF_MATCH=stale), 412, "STALE_VERSION")

    assert found.now().status == "draft"


def test_voiding_keeps_the_certification_and_a_new_one_continues_the_chain() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    client = found.client()
    found.sign()
    first = client.get(found.url("certification/")).json()
    client.post(found.url("void/"), {"reason": "Wrong skater"})
    problem(client.get(found.url("certification/")), 404, "NOT_CERTIFIED")
    found.sign()

    second = client.get(found.url("certification/")).json()

    assert (first["number"], first["previous_digest"]) == (1, "")
    assert (second["number"], second["previous_digest"]) == (2, first["digest"])
    with found.scope():
        kept = Certification.objects.get(number=1)
    assert (kept.void_reason, kept.voided_by) == ("Wrong skater", found.person(Role.OWNER).pk)


def test_a_contest_is_set_up_under_an_event_with_a_slug_of_its_name() -> None:
    found = arena()
    other = ContestFactory.create(event=found.contest.event, slug="men")

    first = found.client().post("/api/v1/contests/", {"event": str(other.event_id), "name": "Men"})
    taken = found.client().post("/api/v1/contests/", {"event": str(other.event_id), "name": "Men", "slug": "men"})

    assert (first.status_code, first.json()["slug"], first.json()["status"]) == (201, "men-2", "draft")
    assert pointers(problem(taken, 409, "ALREADY_EXISTS")) == [
        ("#/event", "ALREADY_EXISTS"),
        ("#/slug", "ALREADY_EXISTS"),
    ]
