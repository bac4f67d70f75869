"""Copies of contests and events: the structure, and nothing of what has happened."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests import models
from apps.contests.services import cloning
from tests.api import pointers, problem
from tests.factories.contests import CategoryFactory, ContestFactory, CriterionFactory
from tests.factories.events import EventFactory
from tests.integration.contests.arena import API, Arena, arena

pytestmark = pytest.mark.django_db

# Columns that a copy does not take over, each with its reason.
BEGINS_ANEW = {
    models.Contest: {
        "event_id": "may be another one",
        "slug": "unique in the event",
        "status": "a copy is a draft",
        "erratum": "is about the original's result",
        "frozen_at": "the copy's board is its own",
        "policy_version": "no mark was given yet",
    },
    models.Category: {"contest_id": "the copy's"},
    models.Criterion: {"category_id": "the copy's"},
    models.Assignment: {"category_id": "the copy's"},
}
COPIED = {
    models.Contest: cloning.CONTEST,
    models.Category: cloning.CATEGORY,
    models.Criterion: cloning.CRITERION,
    models.Assignment: cloning.SEAT,
}
OF_EVERY_ROW = {
    "id", "organization_id", "created_at", "updated_at", "version", "deleted_at", "deleted_by", "deletion_id",
}  # fmt: skip


@pytest.fixture
def found() -> Arena:
    """A locked contest with marks, two categories and rules of its own."""
    made = arena(name="Ladies", blind=True, rule={"places": 3})
    CriterionFactory.create(category=CategoryFactory.create(contest=made.contest, slug="free", weight=2), factor=3)
    made.mark_all()
    made.stand("locked")
    return made


def structure(contest: models.Contest) -> list[Any]:
    """What results are computed by, whatever the ids."""
    columns = ("slug", "name", "position", "weight", "rule", "criteria__name", "criteria__step", "criteria__factor")
    return sorted(models.Category.objects.filter(contest=contest).values_list(*columns), key=str)


def test_every_column_is_copied_or_begins_anew_for_a_reason() -> None:
    for model, copied in COPIED.items():
        columns = {field.attname for field in model._meta.concrete_fields} - OF_EVERY_ROW

        assert columns == {*copied, *BEGINS_ANEW[model]}, model


def test_a_contest_is_copied_as_a_draft_without_people_and_marks(found: Arena) -> None:
    response = found.client(Role.ORGANIZER).post(found.url("clone/"), {})
    body = response.json()

    assert (response.status_code, response["Location"]) == (201, body["url"])
    assert (body["name"], body["status"], body["blind"], body["version"]) == ("Ladies", "draft", True, 1)
    assert (body["event"], body["slug"]) == (str(found.contest.event_id), "ladies")
    with found.scope():
        copy = models.Contest.objects.get(pk=body["id"])
        assert copy.rule == {"places": 3}
        assert structure(copy) == structure(found.contest)
        assert len(structure(copy)) == 3
        counts = [
            models.Contestant.objects.filter(contest=copy).count(),
            models.Entry.objects.filter(category__contest=copy).count(),
            models.Assignment.objects.filter(category__contest=copy).count(),
        ]
    assert counts == [0, 0, 0]


def test_panels_are_copied_where_that_is_asked_for(found: Arena) -> None:
    body = found.client().post(found.url("clone/"), {"name": "Juniors", "slug": "juniors", "panels": True}).json()

    with found.scope():
        seats = models.Assignment.objects.filter(category__contest=body["id"]).values_list("seat", "role", "judge_id")
        assert set(seats) == {(seat.seat, seat.role, seat.judge_id) for seat in found.seats}
    assert (body["name"], body["slug"]) == ("Juniors", "juniors")


def test_a_deleted_judge_of_a_closed_contest_gets_no_seat_in_its_copies(found: Arena) -> None:
    found.stand("locked")
    client = found.client()
    assert client.delete(f"{API}/judges/{found.seats[0].judge_id}/").status_code == 204

    contest = client.post(found.url("clone/"), {"panels": True})
    event = client.post(f"{API}/events/{found.contest.event_id}/clone/", {"name": "Cup 2027", "panels": True})

    assert (contest.status_code, event.status_code) == (201, 201)
    with found.scope():
        for copy in (
            models.Contest.objects.get(pk=contest.json()["id"]),
            models.Contest.objects.get(event=event.json()["id"], slug=found.contest.slug),
        ):
            seats = models.Assignment.objects.filter(category__contest=copy).order_by("seat")
            assert [seat.seat for seat in seats] == ["J2", "J3"]


def test_a_copy_can_go_to_another_event_but_to_no_other_organizations(found: Arena) -> None:
    near, far = EventFactory.create(organization=found.organization), EventFactory.create()
    client = found.client()

    assert client.post(found.url("clone/"), {"event": str(near.pk)}).json()["event"] == str(near.pk)
    body = problem(client.post(found.url("clone/"), {"event": str(far.pk)}), 422, "INVALID")
    assert pointers(body) == [("#/event", "DOES_NOT_EXIST")]


def test_a_slug_that_is_taken_is_a_conflict(found: Arena) -> None:
    slug = found.contest.slug

    problem(found.client().post(found.url("clone/"), {"slug": slug}), 409, "ALREADY_EXISTS")


def test_an_event_is_copied_with_its_contests_in_as_many_queries_as_an_empty_one(found: Arena) -> None:
    client = found.client(Role.ORGANIZER)
    url = f"{API}/events/{found.contest.event_id}/clone/"

    def clone(name: str) -> tuple[int, Any]:
        with CaptureQueriesContext(connection) as captured:
            response = client.post(url, {"name": name, "starts_at": "2027-05-01T08:00:00Z", "panels": True})
        assert response.status_code == 201, response.content
        return len(captured), response.json()

    few, _ = clone("Cup 2027")
    for place in range(5):
        contest = ContestFactory.create(event=found.contest.event, slug=f"more-{place}")
        CriterionFactory.create(category=CategoryFactory.create(contest=contest))
    many, body = clone("Cup 2028")

    assert few == many
    assert (body["name"], body["slug"], body["status"]) == ("Cup 2028", "cup-2028", "draft")
    assert (body["venue"], body["starts_at"], body["ends_at"]) == ("Helsinki Ice Hall", "2027-05-01T08:00:00Z", None)
    with found.scope():
        copies = {contest.slug: contest for contest in models.Contest.objects.filter(event=body["id"])}
        assert set(copies) == {found.contest.slug, *(f"more-{place}" for place in range(5))}
        assert {copy.status for copy in copies.values()} == {"draft"}
        assert structure(copies[found.contest.slug]) == structure(found.contest)


def test_an_event_that_would_end_before_it_starts_is_refused(found: Arena) -> None:
    times = {"starts_at": "2027-05-02T08:00:00Z", "ends_at": "2027-05-01T08:00:00Z"}
    response = found.client().post(f"{API}/events/{found.contest.event_id}/clone/", {"name": "Cup", **times})

    assert pointers(problem(response, 422, "INVALID")) == [("#/ends_at", "ENDS_BEFORE_START")]
