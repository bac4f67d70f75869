"""Uploading CSV files as a person does, and doing the work of the jobs that come of it."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.contests.tasks import import_csv
from apps.core.jobs.models import Job
from apps.core.tenancy import platform_scope
from tests.api import problem
from tests.integration.contests.arena import API, Arena

Fault = tuple[int, str, str]


def send(client: Any, kind: str, content: str | bytes, contest: Arena | None = None, **fields: Any) -> Any:
    """The answer to an upload."""
    data = content.encode() if isinstance(content, str) else content
    body = {"file": SimpleUploadedFile("anything.csv", data), **fields}
    if contest is not None:
        body["contest"] = str(contest.contest.pk)
    return client.post(f"{API}/imports/{kind}/", body, format="multipart")


def rehearsed(client: Any, kind: str, content: str | bytes, contest: Arena | None = None, **fields: Any) -> Any:
    """What a dry run says."""
    response = send(client, kind, content, contest, dry_run="true", **fields)
    assert response.status_code == 200, response.content
    return response.json()


def faults_of(report: Any) -> list[Fault]:
    """(line, column, code) of each fault of a dry run."""
    return [(fault["line"], fault["column"], fault["code"]) for fault in report["faults"]]


def imported(client: Any, kind: str, content: str | bytes, contest: Arena | None = None, **fields: Any) -> Any:
    """The result of a real import's job, which must succeed."""
    response = send(client, kind, content, contest, **fields)
    assert response.status_code == 202, response.content
    job = Job.of_all_organizations.get(pk=response.json()["id"])
    assert response["Location"].endswith(f"/api/v1/jobs/{job.pk}/")
    assert import_csv(str(job.pk)) == "succeeded", Job.of_all_organizations.get(pk=job.pk).problem
    return Job.of_all_organizations.get(pk=job.pk).result


def refused(response: Any) -> list[tuple[str, str]]:
    """(pointer, code) of each fault of a real import that was refused at once."""
    return [(error["pointer"], error["code"]) for error in problem(response, 422, "IMPORT_INVALID")["errors"]]


def count(model: Any) -> int:
    """How many live rows there are."""
    with platform_scope("a test counts"):
        found: int = model.objects.count()
    return found
