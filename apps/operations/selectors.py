"""Reads of what runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from django.db import models

from apps.contests.services.imports.loading import ImportResult
from apps.core.access import Access, Capability
from apps.core.deadletters.models import FailedTask
from apps.core.errors import FieldError
from apps.core.jobs.models import Job
from apps.events.models import Event

FILE = "#/files/"
ROW = "/rows/"


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One thing wrong with uploaded files, as a row of a table; without a line it is the file as a whole."""

    file: str
    line: str
    column: str
    sentence: str


def visible_jobs(access: Access) -> models.QuerySet[Job]:
    """The organization's jobs, newest first, for those who organize; their own for everybody else."""
    jobs: models.QuerySet[Job] = Job.objects.order_by("-created_at", "-id")
    if access.allows(Capability.ORGANIZE):
        return jobs
    own: models.QuerySet[Job] = jobs.filter(created_by=access.user_id)
    return own


def visible_failures(access: Access) -> models.QuerySet[FailedTask]:
    """Failed tasks of the organization that the operator acts in, or all of them; the newest first."""
    failures = FailedTask.objects.order_by("-failed_at", "-id")
    organization_id = access.organization_id
    return failures if organization_id is None else failures.filter(organization_id=organization_id)


def faults_in(problem: dict[str, Any] | None, result: dict[str, Any] | None = None) -> list[FaultRow]:
    """What a job's problem document says about single rows, or its result, where it was a dry run."""
    errors = (problem or {}).get("errors") or (result or {}).get("faults", [])
    return list(fault_rows(FieldError(one["pointer"], one["code"], one["detail"]) for one in errors))


def fault_rows(errors: Iterator[FieldError]) -> Iterator[FaultRow]:
    """Errors by file, line and column, from pointers such as `#/files/judge-scores.csv/rows/12/score`."""
    for error in errors:
        file, _, place = error.pointer.removeprefix(FILE).partition(ROW)
        line, _, column = place.partition("/")
        yield FaultRow(file, line, column, error.detail)


def counts_in(result: dict[str, Any] | None) -> list[tuple[str, int]]:
    """How many of what a job has made. JSON in the database has no order; an import's are in its own."""
    counts = {name: number for name, number in (result or {}).items() if type(number) is int}
    order = {one.name: place for place, one in enumerate(fields(ImportResult))}
    in_order = sorted(counts.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
    return [(name.replace("_", " "), number) for name, number in in_order]


def events_made_by(job: Job) -> models.QuerySet[Event]:
    """The live events that an import made or added to."""
    ids = (job.result or {}).get("event_ids", [])
    events: models.QuerySet[Event] = Event.objects.filter(pk__in=ids).order_by("name")
    return events
