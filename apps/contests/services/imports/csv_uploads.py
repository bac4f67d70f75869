"""CSV imports that somebody uploads: looked at, kept in the file storage, and done by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import IO, Any, BinaryIO
from uuid import UUID

from apps.contests.enums import OnExisting, TableKind
from apps.contests.models import Contest
from apps.contests.services.imports.archives import LARGEST, MEGABYTE, copy
from apps.contests.services.imports.csv_files import (
    NAMED_FAULTS,
    Order,
    Rehearsal,
    contest_of,
    load_csv,
    rehearse_csv,
    report_of,
    rows_of,
)
from apps.contests.services.imports.faults import Faults
from apps.contests.services.imports.storing import FILES, remove_files, store_files, stored_files
from apps.core.ids import new_id
from apps.core.jobs.models import Job
from apps.core.jobs.running import JobRun
from apps.core.jobs.services import create_job

KIND = "csv_import"
TASK = "contests.import_csv"
# Up to this size, files are read while the caller waits, so that bad rows are named at once.
READ_AT_ONCE = MEGABYTE


def start_csv_import(*, order: Order, file: IO[bytes], rehearses: bool = False) -> Job | Rehearsal:
    """Look at a file, and leave the rest to a worker.

    Args:
        rehearses: say what would be done, and do nothing. The answer comes at once, or as the result of a job where
            the file takes longer to read.

    Raises:
        NotFound: there is no such contest.
        ContestLocked, ContestCertified, ContestNotScoring: the contest does not take these rows now.
        InvalidFiles: naming what is wrong by line and column, as far as it can be known at once.
    """
    with ExitStack() as keep:
        stream, size = _copied(order, file, keep)
        contest = contest_of(order)
        if size <= READ_AT_ONCE:
            rehearsal = rehearse_csv(order=order, stream=stream)
            if rehearses:
                return rehearsal
            rehearsal.faults.refuse()
        else:
            _look_at_header(order, stream)
        stream.seek(0)
        return _create_job(order, stream, label=_label(order, contest, rehearses=rehearses), rehearses=rehearses)


def run_csv_import(run: JobRun) -> Mapping[str, object]:
    """The work of an import's job."""
    given: dict[str, Any] = run.job.parameters
    if run.job.organization_id is None:
        raise ValueError("An import is an organization's.")
    order = Order(
        TableKind(given["kind"]),
        run.job.organization_id,
        UUID(given["contest"]) if given["contest"] else None,
        OnExisting(given["on_existing"]),
    )
    with stored_files(run.job) as streams:
        stream = streams[order.file]
        if given["dry_run"]:
            return report_of(rehearse_csv(order=order, stream=stream, report=run.report))
        return load_csv(order=order, stream=stream, report=run.report)


def _create_job(order: Order, stream: BinaryIO, *, label: str, rehearses: bool) -> Job:
    job_id = new_id()
    stored = store_files(f"imports/{order.organization_id}/{job_id}", {order.file: stream})
    try:
        return create_job(
            kind=KIND,
            task=TASK,
            label=label,
            parameters={**order.as_data(), "dry_run": rehearses, FILES: stored},
            organization_id=order.organization_id,
            job_id=job_id,
        )
    except BaseException:
        remove_files(list(stored.values()))
        raise


def _copied(order: Order, file: IO[bytes], keep: ExitStack) -> tuple[BinaryIO, int]:
    stream, size = copy(file, keep=keep)
    if size > LARGEST:
        faults = Faults()
        faults.add(order.file, 0, "", "TOO_LARGE", f"Split the file; it has more than {LARGEST // MEGABYTE} MB.")
        faults.refuse()
    return stream, size


def _look_at_header(order: Order, stream: BinaryIO) -> None:
    faults = Faults(most=NAMED_FAULTS)
    next(rows_of(order, stream, faults), None)
    faults.refuse()


def _label(order: Order, contest: Contest | None, *, rehearses: bool) -> str:
    what = f"{order.kind.label} of {contest.name}" if contest else order.kind.label
    return f"{what} (dry run)" if rehearses else what
