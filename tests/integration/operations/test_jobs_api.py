"""Jobs and imports over the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.contests.services.imports.isu_rows import MARKS
from apps.contests.tasks import import_isu
from apps.core.jobs.models import Job, JobState
from tests.api import ids, pointers, problem, signed_in
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.factories.core import JobFactory
from tests.unit.contests.imports.small_files import TEXTS, small_files, zipped

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"
IMPORTS = "/api/v1/imports/"
FIELDS = {
    "performances": "performances.csv",
    "judged_aspects": "judged-aspects.csv",
    "judge_scores": "judge-scores.csv",
}


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def organizer(ice: Organization) -> APIClient:
    return signed_in(member(ice, Role.ORGANIZER))


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *_args, **_options: None)


def job_of(organization: Organization, **given: Any) -> Job:
    job: Job = JobFactory.create(organization_id=organization.pk, **given)
    return job


def form(*changes: tuple[str, str, str]) -> dict[str, SimpleUploadedFile]:
    files = small_files(*changes)
    return {field: SimpleUploadedFile("anything.csv", files[name].read()) for field, name in FIELDS.items()}


class TestJobs:
    """Reading and cancelling."""

    def test_a_job_tells_how_far_it_is(self, organizer: APIClient, ice: Organization) -> None:
        job = job_of(ice, state=JobState.RUNNING, progress=3, total=12, message="Ladies")
        response = organizer.get(f"{JOBS}{job.pk}/")
        body = response.json()

        assert (response.status_code, response["ETag"]) == (200, '"1"')
        assert body["url"] == f"http://testserver{JOBS}{job.pk}/"
        assert {name: body[name] for name in ("state", "progress", "total", "percent", "message", "problem")} == {
            "state": "running",
            "progress": 3,
            "total": 12,
            "percent": 25,
            "message": "Ladies",
            "problem": None,
        }

    def test_an_unchanged_job_is_not_sent_again(self, organizer: APIClient, ice: Organization) -> None:
        address = f"{JOBS}{job_of(ice).pk}/"

        assert organizer.get(address, headers={"If-None-Match": '"1"'}).status_code == 304

    def test_the_list_is_newest_first_and_filtered(self, organizer: APIClient, ice: Organization) -> None:
        jobs = [job_of(ice, kind="a"), job_of(ice, kind="b"), job_of(ice, kind="a", state=JobState.FAILED)]

        assert ids(organizer.get(JOBS)) == [job.pk for job in reversed(jobs)]
        assert ids(organizer.get(JOBS, {"kind": "a"})) == [jobs[2].pk, jobs[0].pk]
        assert ids(organizer.get(JOBS, {"state": "failed"})) == [jobs[2].pk]

    def test_who_does_not_organize_sees_their_own_only(self, ice: Organization) -> None:
        judge = member(ice, Role.JUDGE)
        client, own, other = signed_in(judge), job_of(ice, created_by=judge.pk), job_of(ice)

        assert ids(client.get(JOBS)) == [own.pk]
        problem(client.get(f"{JOBS}{other.pk}/"), 404, "NOT_FOUND")
        problem(client.post(f"{JOBS}{other.pk}/cancel/"), 404, "NOT_FOUND")

    def test_another_organizations_job_is_not_there(self, organizer: APIClient) -> None:
        other = job_of(OrganizationFactory.create())

        assert ids(organizer.get(JOBS)) == []
        problem(organizer.get(f"{JOBS}{other.pk}/"), 404, "NOT_FOUND")
        problem(organizer.post(f"{JOBS}{other.pk}/cancel/"), 404, "NOT_FOUND")

    def test_a_waiting_job_is_cancelled(self, organizer: APIClient, ice: Organization) -> None:
        job = job_of(ice)
        response = organizer.post(f"{JOBS}{job.pk}/cancel/")

        assert (response.status_code, response.json()["state"]) == (200, "cancelled")
        assert Job.of_all_organizations.get(pk=job.pk).finished_at is not None

    def test_a_finished_job_cannot_be_cancelled(self, organizer: APIClient, ice: Organization) -> None:
        job = job_of(ice, state=JobState.SUCCEEDED)

        body = problem(organizer.post(f"{JOBS}{job.pk}/cancel/"), 409, "JOB_FINISHED")
        assert body["detail"] == "This job has succeeded already."

    @pytest.mark.parametrize("rows", [1, 3])
    def test_the_list_asks_as_often_for_one_row_as_for_more(
        self, organizer: APIClient, ice: Organization, django_assert_num_queries: Callable[..., Any], rows: int
    ) -> None:
        for _ in range(rows):
            job_of(ice)
        organizer.get(JOBS)
        with django_assert_num_queries(3):
            assert len(ids(organizer.get(JOBS))) == rows


class TestImports:
    """Uploads that become jobs."""

    def test_an_import_is_accepted_and_its_job_named(self, organizer: APIClient, ice: Organization) -> None:
        response = organizer.post(IMPORTS, form(), format="multipart", headers={"X-Correlation-ID": "story-11"})
        job = Job.of_all_organizations.get()

        assert response.status_code == 202, response.content
        assert response["Location"] == response.json()["url"] == f"http://testserver{JOBS}{job.pk}/"
        assert (job.organization_id, job.kind, job.label) == (ice.pk, "isu_import", "Lake Cup 2026")
        assert (job.correlation_id, response["X-Correlation-ID"]) == ("story-11", "story-11")
        assert organizer.get(response["Location"]).json()["state"] == "queued"

    def test_a_zip_archive_is_accepted(self, organizer: APIClient) -> None:
        archive = zipped({name: text.encode() for name, text in TEXTS.items()})
        response = organizer.post(
            IMPORTS, {"archive": SimpleUploadedFile("season.zip", archive.read())}, format="multipart"
        )

        assert response.status_code == 202, response.content

    def test_a_bad_row_is_named_at_once(self, organizer: APIClient, media: Path) -> None:
        response = organizer.post(IMPORTS, form((MARKS, "a1,J1,7.0", "a1,J1,70")), format="multipart")
        body = problem(response, 422, "IMPORT_INVALID")

        assert pointers(body) == [("#/files/judge-scores.csv/rows/3/score", "OUT_OF_SCALE")]
        assert body["errors"][0]["detail"] == "score must be from 0.25 to 10, not 70."
        assert (Job.of_all_organizations.count(), list(media.rglob("*.csv"))) == (0, [])

    def test_missing_files_are_named(self, organizer: APIClient) -> None:
        sent = form()
        del sent["judge_scores"]
        body = problem(organizer.post(IMPORTS, sent, format="multipart"), 422, "IMPORT_INVALID")

        assert pointers(body) == [("#/files/judge-scores.csv", "MISSING_FILE")]

    def test_what_is_no_archive_is_refused(self, organizer: APIClient) -> None:
        sent = {"archive": SimpleUploadedFile("season.zip", b"hello")}
        body = problem(organizer.post(IMPORTS, sent, format="multipart"), 422, "IMPORT_INVALID")

        assert pointers(body) == [("#/files/archive.zip", "NOT_A_ZIP")]

    def test_unknown_fields_and_other_content_types_are_refused(self, organizer: APIClient) -> None:
        body = problem(organizer.post(IMPORTS, form() | {"owner": "me"}, format="multipart"), 422, "INVALID")

        assert pointers(body) == [("#/owner", "UNKNOWN_FIELD")]
        problem(organizer.post(IMPORTS, {"archive": "x"}, format="json"), 415, "UNSUPPORTED_MEDIA_TYPE")

    @pytest.mark.parametrize("role", [Role.JUDGE, Role.TALLY_MASTER, Role.VIEWER])
    def test_only_who_organizes_imports(self, ice: Organization, role: Role) -> None:
        client = signed_in(member(ice, role))

        problem(client.post(IMPORTS, form(), format="multipart"), 403, "FORBIDDEN")
        assert Job.of_all_organizations.count() == 0

    def test_platform_staff_must_name_the_organization(self, ice: Organization) -> None:
        OrganizationFactory.create()
        operator = OperatorFactory.create()

        problem(signed_in(operator).post(IMPORTS, form(), format="multipart"), 400, "ORGANIZATION_REQUIRED")
        response = signed_in(operator, ice).post(IMPORTS, form(), format="multipart")
        assert (response.status_code, Job.of_all_organizations.get().organization_id) == (202, ice.pk)

    @pytest.mark.django_db(transaction=True)
    def test_the_job_tells_what_was_imported(self, organizer: APIClient) -> None:
        address = organizer.post(IMPORTS, form(), format="multipart")["Location"]
        import_isu(str(Job.of_all_organizations.get().pk))
        body = organizer.get(address).json()

        assert (body["state"], body["percent"], body["result"]["scores"]) == ("succeeded", 100, 24)
        event = organizer.get(f"/api/v1/events/{body['result']['event_ids'][0]}/").json()
        assert (event["name"], event["status"]) == ("Lake Cup 2026", "completed")
