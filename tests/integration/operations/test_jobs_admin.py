"""Jobs in the admin: importing, watching, cancelling."""

from __future__ import annotations

import re

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from apps.accounts.enums import Role
from apps.accounts.models import Organization, User
from apps.contests.services.imports.isu_rows import MARKS
from apps.contests.tasks import import_isu
from apps.core.jobs.models import Job, JobState
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.factories.core import JobFactory
from tests.unit.contests.imports.small_files import TEXTS, small_files, zipped

pytestmark = pytest.mark.django_db

LIST = "/admin/core/job/"
IMPORT = "/admin/core/job/import/"


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *_args, **_options: None)


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def uploads(*changes: tuple[str, str, str]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(name, stream.read()) for name, stream in small_files(*changes).items()]


def rows_of(response: HttpResponse) -> list[list[str]]:
    """The cells of the table of faults."""
    table = response.content.decode().partition('id="faults"')[2]
    rows = re.findall(r"<tr class=\"border-t.*?</tr>", table, re.DOTALL)
    return [[cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_an_organizer_finds_the_button_and_the_jobs(ice: Organization) -> None:
    JobFactory.create(organization_id=ice.pk, label="Lake Cup 2026")
    JobFactory.create(organization_id=OrganizationFactory.create().pk, label="Somebody else's")
    page = as_user(member(ice, Role.ORGANIZER)).get(LIST).content.decode()

    assert ("Lake Cup 2026" in page, "Somebody else" in page) == (True, False)
    assert 'href="/admin/core/job/import/"' in page


def test_three_files_make_a_job_and_its_page_shows_what_became_of_it(ice: Organization) -> None:
    client = as_user(member(ice, Role.ORGANIZER))
    response = client.post(IMPORT, {"files": uploads()})
    job = Job.of_all_organizations.get()
    waiting = client.get(response["Location"]).content.decode()
    part = client.get(response["Location"], {"part": "state"}).content.decode()

    assert response["Location"] == f"/admin/core/job/{job.pk}/change/"
    assert (job.organization_id, job.label) == (ice.pk, "Lake Cup 2026")
    assert "Waiting for a worker" in waiting
    assert ("<html" in waiting, "<html" in part, "data-unfinished" in part) == (True, False, True)
    assert f'action="/admin/core/job/{job.pk}/cancel/"' in part


def test_scripts_keep_to_the_content_security_policy(ice: Organization) -> None:
    job = JobFactory.create(organization_id=ice.pk)
    response = as_user(member(ice)).get(f"/admin/core/job/{job.pk}/change/")
    inline = re.findall(
        r"<script(?![^>]*\bsrc=)(?![^>]*\bnonce=)(?![^>]*application/json)[^>]*>", response.content.decode()
    )

    assert '<script src="/static/operations/job.js" defer></script>' in response.content.decode()
    assert inline == []


def test_an_archive_does_as_well(ice: Organization) -> None:
    archive = zipped({name: text.encode() for name, text in TEXTS.items()})
    client = as_user(member(ice))
    response = client.post(IMPORT, {"files": [SimpleUploadedFile("season.ZIP", archive.read())]})

    assert (response.status_code, Job.of_all_organizations.count()) == (302, 1)


def test_bad_rows_are_a_table(ice: Organization) -> None:
    response = as_user(member(ice)).post(IMPORT, {"files": uploads((MARKS, "a1,J1,7.0", "a1,J1,70"))})

    assert response.status_code == 422
    assert rows_of(response) == [
        ["judge-scores.csv", "3", "score", "score must be from 0.25 to 10, not 70."],
    ]
    assert Job.of_all_organizations.count() == 0


def test_files_that_do_not_belong_are_named(ice: Organization) -> None:
    files = [*uploads()[:2], SimpleUploadedFile("holiday<b>.jpg", b"x")]
    response = as_user(member(ice)).post(IMPORT, {"files": files})
    ((file, _, _, sentence),) = rows_of(response)

    assert file == "holiday&lt;b&gt;.jpg"
    assert sentence.startswith("This is none of performances.csv")


def test_no_file_at_all_is_refused(ice: Organization) -> None:
    response = as_user(member(ice)).post(IMPORT, {})

    assert [row[0] for row in rows_of(response)] == ["performances.csv", "judged-aspects.csv", "judge-scores.csv"]


def test_a_failed_job_shows_its_bad_rows(ice: Organization) -> None:
    fault = {
        "pointer": "#/files/judge-scores.csv/rows/12/score",
        "code": "WRONG_STEP",
        "detail": "Between two steps.",
    }
    problem = {"detail": "One thing is wrong.", "errors": [fault]}
    job = JobFactory.create(organization_id=ice.pk, state=JobState.FAILED, problem=problem)
    response = as_user(member(ice)).get(f"/admin/core/job/{job.pk}/change/")

    assert rows_of(response) == [["judge-scores.csv", "12", "score", "Between two steps."]]
    assert b"data-unfinished" not in response.content


def test_a_job_is_cancelled_by_a_form_and_by_nothing_else(ice: Organization) -> None:
    job = JobFactory.create(organization_id=ice.pk)
    client = as_user(member(ice, Role.ORGANIZER))
    read = client.get(f"/admin/core/job/{job.pk}/cancel/")
    sent = client.post(f"/admin/core/job/{job.pk}/cancel/")

    assert (read.status_code, sent.status_code) == (405, 302)
    assert Job.of_all_organizations.get().state == JobState.CANCELLED


def test_another_organizations_job_can_be_neither_seen_nor_cancelled(ice: Organization) -> None:
    job = JobFactory.create(organization_id=OrganizationFactory.create().pk)
    client = as_user(member(ice))

    assert client.get(f"/admin/core/job/{job.pk}/change/").status_code == 404
    assert client.post(f"/admin/core/job/{job.pk}/cancel/").status_code == 403
    assert Job.of_all_organizations.get().state == JobState.QUEUED


def test_who_does_not_organize_may_not_import(ice: Organization) -> None:
    client = as_user(member(ice, Role.AUDITOR))

    assert client.get(IMPORT).status_code == 403
    assert b"/admin/core/job/import/" not in client.get(LIST).content


def test_platform_staff_choose_the_organization(ice: Organization) -> None:
    other = OrganizationFactory.create()
    client = as_user(OperatorFactory.create())
    unnamed = client.post(IMPORT, {"files": uploads()})
    named = client.post(IMPORT, {"files": uploads(), "organization": str(other.pk)})

    assert (unnamed.status_code, named.status_code) == (200, 302)
    assert b"This field is required." in unnamed.content
    assert Job.of_all_organizations.get().organization_id == other.pk
    del ice


@pytest.mark.django_db(transaction=True)
def test_a_finished_import_links_to_its_events(ice: Organization) -> None:
    client = as_user(member(ice))
    address = client.post(IMPORT, {"files": uploads()})["Location"]
    import_isu(str(Job.of_all_organizations.get().pk))
    page = client.get(address).content.decode()

    assert re.findall(
        r'<a class="text-primary-600[^>]*href="(/admin/events/event/[^"]+/change/)">([^<]+)</a>', page
    ) == [(f"/admin/events/event/{Job.of_all_organizations.get().result['event_ids'][0]}/change/", "Lake Cup 2026")]
    assert 'data-state="succeeded"' in page
