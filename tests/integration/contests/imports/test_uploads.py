"""Imports that arrive as uploads, from the request to the locked contest."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.contests.enums import ContestStatus
from apps.contests.models import Contest, Score
from apps.contests.services.imports import archives, uploads
from apps.contests.services.imports.faults import InvalidFiles
from apps.contests.services.imports.isu_rows import MARKS
from apps.contests.services.imports.uploads import start_import
from apps.contests.tasks import import_isu
from apps.core.jobs.models import Job, JobState
from apps.core.jobs.services import request_cancel
from apps.core.tenancy import organization_scope, platform_scope
from apps.events.models import Event
from tests.unit.contests.imports.small_files import TEXTS, small_files, zipped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media", "sent")]


def kept(media: Path) -> list[str]:
    return sorted(path.name for path in media.rglob("*.csv"))


def fresh(job: Job) -> Job:
    return Job.of_all_organizations.get(pk=job.pk)


def rows() -> tuple[int, int, int]:
    with platform_scope("a test counts"):
        return Event.objects.count(), Contest.objects.count(), Score.objects.count()


def test_an_upload_is_kept_for_the_worker_and_removed_after_its_work(
    organization: Organization, media: Path, sent: list[str]
) -> None:
    job = start_import(organization_id=organization.pk, files=small_files())
    waiting = (kept(media), sent, job.label, rows())
    outcome = import_isu(str(job.pk))

    assert waiting == (sorted(TEXTS), ["contests.import_isu"], "Lake Cup 2026", (0, 0, 0))
    assert (outcome, fresh(job).state, fresh(job).percent) == ("succeeded", JobState.SUCCEEDED, 100)
    assert (rows(), kept(media)) == ((1, 1, 24), [])
    with organization_scope(organization.pk):
        contest = Contest.objects.get()
        assert contest.status == ContestStatus.LOCKED
        assert fresh(job).result == {
            "events": 1,
            "contests": 1,
            "unchanged": 0,
            "categories": 2,
            "criteria": 4,
            "contestants": 2,
            "judges": 6,
            "entries": 4,
            "scores": 24,
            "deductions": 1,
            "event_ids": [str(contest.event_id)],
        }


def test_a_zip_archive_does_as_well(organization: Organization) -> None:
    archive = zipped({name: text.encode() for name, text in TEXTS.items()})
    job = start_import(organization_id=organization.pk, files={}, archive=archive)

    assert import_isu(str(job.pk)) == "succeeded"
    assert rows() == (1, 1, 24)


def test_bad_rows_of_a_small_upload_are_told_at_once_and_nothing_is_kept(
    organization: Organization, media: Path
) -> None:
    with pytest.raises(InvalidFiles) as caught:
        start_import(organization_id=organization.pk, files=small_files((MARKS, "a1,J1,7.0", "a1,J1,70")))

    assert [error.pointer for error in caught.value.errors] == ["#/files/judge-scores.csv/rows/3/score"]
    assert (Job.of_all_organizations.count(), kept(media)) == (0, [])


def test_bad_rows_of_a_large_upload_are_told_by_the_job_and_nothing_is_loaded(
    organization: Organization, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE", 0)
    job = start_import(organization_id=organization.pk, files=small_files((MARKS, "a1,J1,7.0", "a1,J1,70")))

    assert import_isu(str(job.pk)) == "failed"
    problem = fresh(job).problem
    assert (problem["status"], problem["code"]) == (422, "IMPORT_INVALID")
    assert [error["pointer"] for error in problem["errors"]] == ["#/files/judge-scores.csv/rows/3/score"]
    assert (rows(), kept(media)) == ((0, 0, 0), [])


def test_even_of_a_large_upload_a_missing_column_is_told_at_once(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE", 0)
    with pytest.raises(InvalidFiles) as caught:
        start_import(organization_id=organization.pk, files=small_files((MARKS, "judge,score", "judge,mark")))

    assert [error.pointer for error in caught.value.errors] == ["#/files/judge-scores.csv/rows/1/score"]


def test_a_missing_file_is_named(organization: Organization) -> None:
    files = small_files()
    del files[MARKS]
    with pytest.raises(InvalidFiles) as caught:
        start_import(organization_id=organization.pk, files=files)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [
        ("#/files/judge-scores.csv", "MISSING_FILE")
    ]


def test_too_large_an_upload_is_refused(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    monkeypatch.setattr(archives, "CHUNK", 100)
    with pytest.raises(InvalidFiles) as caught:
        start_import(organization_id=organization.pk, files=small_files())

    assert [error.code for error in caught.value.errors] == ["TOO_LARGE"]


def test_the_same_upload_again_changes_nothing(organization: Organization) -> None:
    for _ in range(2):
        job = start_import(organization_id=organization.pk, files=small_files())
        import_isu(str(job.pk))

    assert (fresh(job).result["contests"], fresh(job).result["unchanged"], rows()) == (0, 1, (1, 1, 24))


def test_a_new_contest_joins_its_event(organization: Organization) -> None:
    job = start_import(organization_id=organization.pk, files=small_files())
    import_isu(str(job.pk))
    more = {name: text.replace("LADIES", "MEN") for name, text in TEXTS.items()}
    job = start_import(
        organization_id=organization.pk, files={name: BytesIO(text.encode()) for name, text in more.items()}
    )
    import_isu(str(job.pk))

    assert (fresh(job).result["events"], fresh(job).result["contests"], rows()) == (0, 1, (1, 2, 48))


def test_other_marks_for_a_locked_contest_are_refused_and_named(organization: Organization) -> None:
    import_isu(str(start_import(organization_id=organization.pk, files=small_files()).pk))
    job = start_import(organization_id=organization.pk, files=small_files((MARKS, "a1,J1,7.0", "a1,J1,8.0")))

    assert import_isu(str(job.pk)) == "failed"
    problem = fresh(job).problem
    assert (problem["status"], problem["code"], problem["difference_count"]) == (409, "IMPORT_DIFFERS", 1)
    assert "short-program 2 Skating Skills J1" in problem["detail"]
    assert rows() == (1, 1, 24)


def test_another_organization_has_its_own_competitions(organization: Organization) -> None:
    other = Organization.objects.create(name="Other Union", slug="other-union")
    for owner in (organization, other):
        import_isu(str(start_import(organization_id=owner.pk, files=small_files()).pk))

    assert rows() == (2, 2, 48)
    with organization_scope(other.pk):
        assert Event.objects.get().organization_id == other.pk


def test_a_cancelled_import_leaves_nothing_behind(organization: Organization, media: Path) -> None:
    job = start_import(organization_id=organization.pk, files=small_files())
    request_cancel(job_id=job.pk)

    assert import_isu(str(job.pk)) == "held"
    assert (fresh(job).state, rows(), kept(media)) == (JobState.CANCELLED, (0, 0, 0), [])


def test_files_that_have_vanished_fail_the_job_with_a_sentence(organization: Organization, media: Path) -> None:
    job = start_import(organization_id=organization.pk, files=small_files())
    next(media.rglob(MARKS)).unlink()

    assert import_isu(str(job.pk)) == "failed"
    assert fresh(job).problem["code"] == "UPLOAD_GONE"


def test_a_failure_in_the_middle_leaves_nothing(
    organization: Organization, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_given: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.contests.services.imports.loading.lock_contest", fail)
    job = start_import(organization_id=organization.pk, files=small_files())

    assert import_isu(str(job.pk)) == "failed"
    assert (fresh(job).problem["code"], rows(), kept(media)) == ("INTERNAL_ERROR", (0, 0, 0), [])


def test_a_job_that_could_not_be_made_keeps_no_files(
    organization: Organization, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_given: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(uploads, "create_job", fail)
    with pytest.raises(ZeroDivisionError):
        start_import(organization_id=organization.pk, files=small_files())

    assert kept(media) == []
