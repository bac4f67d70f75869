"""Deleting over HTTP, and the way back."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.contests.models import Contest
from apps.core.jobs.models import Job
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import delete_object, large
from apps.core.softdelete.tasks import delete_large
from apps.events.models import Event
from tests.api import ids, pointers, problem, signed_in
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def event(house: Organization) -> Event:
    """An event with two contests."""
    event: Event = EventFactory.create(organization=house, name="Winter cup", slug="winter-cup")
    for number in range(2):
        Contest.objects.create(organization=house, event=event, name=f"Contest {number}", slug=f"contest-{number}")
    return event


def client(house: Organization, role: Role = Role.OWNER) -> Any:
    return signed_in(member(house, role), house)


def test_a_delete_answers_with_the_way_back(house: Organization, event: Event) -> None:
    organizer = client(house, Role.ORGANIZER)

    response = organizer.delete(f"/api/v1/events/{event.pk}/", {"reason": "Called off"})

    deletion = Deletion.objects.get()
    assert (response.status_code, response.content) == (204, b"")
    assert response["X-Deletion-ID"] == str(deletion.pk)
    assert response["Link"] == f'</api/v1/deletions/{deletion.pk}/restore/>; rel="undo"'
    assert (deletion.reason, deletion.correlation_id) == ("Called off", response["X-Correlation-ID"])
    assert deletion.counts == {"events.event": 1, "contests.contest": 2}

    undo = organizer.post(response["Link"].split(">")[0].removeprefix("<"))
    assert (undo.status_code, undo.json()["state"], undo.json()["id"]) == (200, "restored", str(deletion.pk))
    assert organizer.get(f"/api/v1/events/{event.pk}/").status_code == 200


@pytest.mark.parametrize("changes", [{"slug": "\ud800"}, {"\ud800": "final"}])
def test_half_a_character_is_refused_in_changes(house: Organization, event: Event, changes: dict[str, str]) -> None:
    deletion = delete_object(root=event)

    body = json.dumps({"changes": changes})
    answer = client(house).post(f"/api/v1/deletions/{deletion.pk}/restore/", body, content_type="application/json")

    assert pointers(problem(answer, 422, "INVALID")) == [("#/changes", "INVALID")]


def test_what_was_deleted_is_not_found_and_can_not_be_deleted_again(house: Organization, event: Event) -> None:
    owner, url = client(house), f"/api/v1/events/{event.pk}/"
    owner.delete(url)

    problem(owner.get(url), 404, "NOT_FOUND")
    problem(owner.patch(url, {"name": "Back"}), 404, "NOT_FOUND")
    problem(owner.delete(url), 404, "NOT_FOUND")
    assert ids(owner.get("/api/v1/events/")) == []


def test_a_delete_with_a_stale_etag_is_refused(house: Organization, event: Event) -> None:
    owner, url = client(house), f"/api/v1/events/{event.pk}/"
    tag = owner.get(url)["ETag"]
    owner.patch(url, {"name": "Renamed"})

    problem(owner.delete(url, headers={"If-Match": tag}), 412, "STALE_VERSION")
    current = owner.get(url)["ETag"]
    assert owner.delete(url, headers={"If-Match": current}).status_code == 204


def test_the_resource_itself_is_restored_and_again_without_effect(house: Organization, event: Event) -> None:
    owner, url = client(house), f"/api/v1/events/{event.pk}/"
    deleted = owner.delete(url)

    first = owner.post(f"{url}restore/", {}, headers={"If-Match": deleted["ETag"]})
    second = owner.post(f"{url}restore/")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert (first.json()["id"], first["ETag"]) == (str(event.pk), second["ETag"])


def test_a_restore_with_a_stale_etag_is_refused(house: Organization, event: Event) -> None:
    owner, url = client(house), f"/api/v1/events/{event.pk}/"
    tag = owner.get(url)["ETag"]
    owner.delete(url)

    problem(owner.post(f"{url}restore/", headers={"If-Match": tag}), 412, "STALE_VERSION")


def test_a_collision_is_reported_and_solved_by_a_new_value(house: Organization, event: Event) -> None:
    owner, url = client(house), f"/api/v1/events/{event.pk}/"
    owner.delete(url)
    holder = EventFactory.create(organization=house, name="Winter cup", slug="winter-cup")

    body = problem(owner.post(f"{url}restore/"), 409, "RESTORE_CONFLICT")
    assert body["conflicts"] == [
        {
            "model": "events.event",
            "id": str(event.pk),
            "field": "slug",
            "value": "winter-cup",
            "holder_id": str(holder.pk),
        }
    ]
    bad = problem(owner.post(f"{url}restore/", {"changes": {"slug": "no spaces"}}), 422, "INVALID")
    assert pointers(bad) == [("#/changes/slug", "INVALID")]

    response = owner.post(f"{url}restore/", {"changes": {"slug": "winter-cup-2"}})
    assert (response.status_code, response.json()["slug"]) == (200, "winter-cup-2")


def test_a_child_names_what_it_went_with_and_takes_it_along_when_asked(house: Organization, event: Event) -> None:
    owner = client(house)
    contest = Contest.objects.first()
    assert contest is not None
    owner.delete(f"/api/v1/events/{event.pk}/")
    url = f"/api/v1/contests/{contest.pk}/restore/"

    body = problem(owner.post(url), 409, "PARENT_DELETED")
    assert [found["label"] for found in body["deletions"]] == ["Winter cup"]

    assert owner.post(url, {"with_ancestors": True}).status_code == 200
    assert len(ids(owner.get("/api/v1/contests/"))) == 2


def test_the_preview_counts_and_changes_nothing(house: Organization, event: Event) -> None:
    owner = client(house)

    body = owner.get(f"/api/v1/events/{event.pk}/deletion-preview/").json()

    assert body == {
        "total": 3,
        "counts": {"events.event": 1, "contests.contest": 2},
        "possible": True,
        "protected_by": [],
        "objections": [],
    }
    assert Contest.objects.count() == 2
    problem(client(house, Role.VIEWER).get(f"/api/v1/events/{event.pk}/deletion-preview/"), 403, "FORBIDDEN")


def test_who_deleted_it_may_undo_it_and_others_need_to_keep_the_bin(house: Organization, event: Event) -> None:
    organizer, colleague, admin = (client(house, role) for role in (Role.ORGANIZER, Role.ORGANIZER, Role.ADMIN))
    url = f"/api/v1/events/{event.pk}/"
    undo = f"/api/v1/deletions/{organizer.delete(url)['X-Deletion-ID']}/restore/"

    for route in (undo, f"{url}restore/"):
        problem(colleague.post(route), 403, "FORBIDDEN")
    assert organizer.post(undo).status_code == 200

    organizer.delete(url)
    assert admin.post(f"{url}restore/").status_code == 200


def test_somebody_who_may_no_longer_delete_may_no_longer_undo(house: Organization, event: Event) -> None:
    person = member(house, Role.ORGANIZER)
    deletion = delete_object(root=event, actor_id=person.pk)
    person.memberships.update(role=Role.VIEWER)

    problem(signed_in(person, house).post(f"/api/v1/deletions/{deletion.pk}/restore/"), 403, "FORBIDDEN")


def test_deleted_rows_are_shown_to_those_who_keep_the_bin(house: Organization, event: Event) -> None:
    gone: Event = EventFactory.create(organization=house)
    person = member(house, Role.ADMIN)
    deletion = delete_object(root=gone, actor_id=person.pk)
    admin = signed_in(person, house)

    assert ids(admin.get("/api/v1/events/")) == [event.pk]
    assert set(ids(admin.get("/api/v1/events/?include_deleted=true"))) == {event.pk, gone.pk}
    (row,) = admin.get("/api/v1/events/?only_deleted=true").json()["results"]
    assert (row["id"], row["deleted_by"], row["deletion"]) == (str(gone.pk), str(person.pk), str(deletion.pk))
    assert row["deleted_at"].startswith(deletion.created_at.isoformat()[:19])
    assert "deleted_at" not in admin.get("/api/v1/events/").json()["results"][0]
    assert admin.get(f"/api/v1/events/{gone.pk}/?include_deleted=true").status_code == 200
    problem(admin.get("/api/v1/events/?only_deleted=perhaps"), 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("role", [Role.ORGANIZER, Role.TALLY_MASTER, Role.AUDITOR, Role.JUDGE, Role.VIEWER])
@pytest.mark.parametrize("flag", ["include_deleted", "only_deleted"])
def test_deleted_rows_are_shown_to_nobody_else(house: Organization, role: Role, flag: str) -> None:
    problem(client(house, role).get(f"/api/v1/events/?{flag}=true"), 403, "FORBIDDEN")


class TestBin:
    def test_it_lists_deletions_of_the_organization_newest_first(self, house: Organization, event: Event) -> None:
        other = delete_object(root=EventFactory.create())
        first = delete_object(root=Contest.objects.order_by("slug")[0])
        second = delete_object(root=event)

        response = client(house, Role.ADMIN).get("/api/v1/deletions/")

        assert ids(response) == [second.pk, first.pk]
        assert response.json()["results"][1]["counts"] == {"contests.contest": 1}
        problem(client(house, Role.ADMIN).get(f"/api/v1/deletions/{other.pk}/"), 404, "NOT_FOUND")
        problem(client(house, Role.ORGANIZER).get("/api/v1/deletions/"), 403, "FORBIDDEN")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("type=events.event", 1),
            ("type=contests.contest", 0),
            ("search=winter", 1),
            ("search=called", 1),
            ("search=summer", 0),
            ("deleted_after=2020-01-01T00:00Z", 1),
            ("deleted_before=2020-01-01T00:00Z", 0),
            ("expires_before=2020-01-01T00:00Z", 0),
            ("state=deleted", 1),
            ("state=restored", 0),
            ("legal_hold=true", 0),
        ],
    )
    def test_it_is_filtered_and_searched(self, house: Organization, event: Event, query: str, found: int) -> None:
        delete_object(root=event, reason="Called off")

        assert len(ids(client(house, Role.ADMIN).get(f"/api/v1/deletions/?{query}"))) == found

    def test_the_list_takes_as_many_queries_for_many_as_for_one(self, house: Organization) -> None:
        admin, counts = client(house, Role.ADMIN), []
        for more in (1, 9):
            for _ in range(more):
                delete_object(root=EventFactory.create(organization=house))
            with CaptureQueriesContext(connection) as queries:
                admin.get("/api/v1/deletions/")
            counts.append(len(queries))

        assert counts[0] == counts[1]

    def test_one_deletion_shows_what_it_holds(self, house: Organization, event: Event) -> None:
        deletion = delete_object(root=event)

        body = client(house, Role.ADMIN).get(f"/api/v1/deletions/{deletion.pk}/").json()

        assert [(held["model"], held["name"], held["count"]) for held in body["tree"]] == [
            ("events.event", "event", 1),
            ("contests.contest", "contests", 2),
        ]
        assert [row["label"] for row in body["tree"][1]["rows"]] == ["Contest 0", "Contest 1"]

    def test_a_plan_is_carried_out_as_it_was_shown_or_not_at_all(self, house: Organization, event: Event) -> None:
        admin = client(house, Role.ADMIN)
        deletion = delete_object(root=event)
        url = f"/api/v1/deletions/{deletion.pk}/"

        plan = admin.get(f"{url}restore-plan/").json()
        assert (plan["possible"], plan["counts"]) == (True, {"events.event": 1, "contests.contest": 2})

        EventFactory.create(organization=house, slug="winter-cup")
        body = problem(admin.post(f"{url}restore/", {"plan": plan["token"]}), 409, "PLAN_OUTDATED")
        assert [taken["field"] for taken in body["plan"]["conflicts"]] == ["slug"]

        retry = {"plan": body["plan"]["token"], "changes": {"slug": "winter-cup-2"}}
        assert admin.post(f"{url}restore/", retry).status_code == 200
        problem(client(house, Role.ORGANIZER).get(f"{url}restore-plan/"), 403, "FORBIDDEN")

    def test_a_hold_is_set_and_ended(self, house: Organization, event: Event) -> None:
        admin, deletion = client(house, Role.ADMIN), delete_object(root=event)
        url = f"/api/v1/deletions/{deletion.pk}/hold/"

        assert admin.post(url, {"legal_hold": True}).json()["legal_hold"] is True
        assert admin.post(url, {"legal_hold": False}).json()["legal_hold"] is False
        problem(client(house, Role.ORGANIZER).post(url, {"legal_hold": True}), 403, "FORBIDDEN")

    def test_an_owner_purges_by_typing_the_label(self, house: Organization, event: Event) -> None:
        deletion = delete_object(root=event)
        url = f"/api/v1/deletions/{deletion.pk}/purge/"

        problem(client(house, Role.ADMIN).post(url, {"label": "Winter cup"}), 403, "FORBIDDEN")
        wrong = problem(client(house).post(url, {"label": "Summer cup"}), 422, "INVALID")
        assert pointers(wrong) == [("#/label", "LABEL_MISMATCH")]

        response = client(house).post(url, {"label": "Winter cup"})
        assert (response.status_code, response.json()["state"]) == (202, "purging")
        problem(client(house).post(f"/api/v1/deletions/{deletion.pk}/restore/"), 409, "PURGED")

    def test_the_forecast_says_what_goes_when(self, house: Organization, event: Event) -> None:
        deletion = delete_object(root=event)
        held = delete_object(root=EventFactory.create(organization=house, name="Held"))
        Deletion.objects.filter(pk=held.pk).update(legal_hold=True)

        body = client(house, Role.ADMIN).get("/api/v1/deletions/forecast/?days=60").json()

        assert deletion.expires_at is not None
        assert body["days"] == [{"date": deletion.expires_at.date().isoformat(), "deletions": 1, "rows": 3}]
        assert ([row["root_label"] for row in body["held"]], body["overdue"]) == (["Held"], 0)
        problem(client(house, Role.ADMIN).get("/api/v1/deletions/forecast/?days=0"), 400, "MALFORMED_REQUEST")


class TestHistory:
    def test_it_tells_what_happened_to_one_thing(self, house: Organization, event: Event) -> None:
        person = member(house, Role.ORGANIZER)
        answer = signed_in(person, house).patch(f"/api/v1/events/{event.pk}/", {"name": "Spring cup"})

        rows = client(house, Role.AUDITOR).get(f"/api/v1/history/?row_id={event.pk}").json()["results"]

        assert [row["action"] for row in rows] == ["changed", "created"]
        assert (rows[0]["old"], rows[0]["new"]) == ({"name": "Winter cup"}, {"name": "Spring cup"})
        assert UUID(rows[0]["actor_id"]) == person.pk
        assert rows[0]["correlation_id"] == answer["X-Correlation-ID"]

    def test_it_is_for_those_who_audit_and_for_their_own_organization(
        self, house: Organization, event: Event
    ) -> None:
        stranger = client(OrganizationFactory.create(), Role.AUDITOR)

        assert stranger.get(f"/api/v1/history/?row_id={event.pk}").json()["results"] == []
        problem(client(house, Role.ORGANIZER).get("/api/v1/history/"), 403, "FORBIDDEN")


class TestLarge:
    """A delete that is too large for a request is a job, and still one transaction."""

    def test_it_is_answered_with_a_job_that_does_it(
        self, house: Organization, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(large, "LARGE", 2)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE events_event, contests_contest")
        person = member(house, Role.ORGANIZER)

        response = signed_in(person, house).delete(f"/api/v1/events/{event.pk}/", {"reason": "Called off"})

        job = Job.of_all_organizations.get()
        assert (response.status_code, response["Location"]) == (202, f"/api/v1/jobs/{job.pk}/")
        assert (Event.objects.count(), job.parameters["rows"]) == (1, 3)

        assert delete_large(str(job.pk)) == "succeeded"
        job.refresh_from_db()
        deletion = Deletion.objects.get()
        assert job.result == {"deletion": str(deletion.pk), "rows": 3}
        assert (deletion.deleted_by, deletion.reason) == (person.pk, "Called off")
        assert deletion.correlation_id == response["X-Correlation-ID"]

    def test_small_ones_are_not_even_counted(self, event: Event) -> None:
        with CaptureQueriesContext(connection) as queries:
            assert large.rows_of_large_delete(event) is None

        assert len(queries) == 1

    def test_what_was_deleted_meanwhile_fails_the_job(self, house: Organization, event: Event) -> None:
        job = large.request_large_delete(row=event, rows=3)
        delete_object(root=event)

        assert delete_large(str(job.pk)) == "failed"
        job.refresh_from_db()
        assert job.problem["code"] == "NOT_FOUND"
