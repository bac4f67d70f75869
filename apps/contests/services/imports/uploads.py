"""Imports that somebody uploads: looked at, kept in the file storage, and done by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import IO, BinaryIO
from uuid import UUID

from apps.contests.services.imports.archives import LARGEST, MEGABYTE, copy, require_all, unpack
from apps.contests.services.imports.faults import Faults
from apps.contests.services.imports.isu import read_competitions
from apps.contests.services.imports.isu_rows import COLUMNS
from apps.contests.services.imports.loading import load_competitions
from apps.contests.services.imports.sheets import CompetitionSheet
from apps.contests.services.imports.storing import FILES, remove_files, store_files, stored_files
from apps.contests.services.imports.tables import read_table
from apps.core.ids import new_id
from apps.core.jobs.models import Job
from apps.core.jobs.running import JobRun
from apps.core.jobs.services import create_job

KIND = "isu_import"
TASK = "contests.import_isu"
# Up to this size, files are read while the caller waits (about a second), so that bad rows are named at once.
READ_AT_ONCE = 4 * MEGABYTE


def start_import(*, organization_id: UUID, files: Mapping[str, IO[bytes]], archive: IO[bytes] | None = None) -> Job:
    """Look at uploaded files and leave the rest to a worker.

    Args:
        files: by the names in `COLUMNS`; all three, unless they are in the archive.
        archive: a zip archive of them.

    Raises:
        InvalidFiles: naming what is wrong by file and line, as far as it can be known at once.
    """
    with ExitStack() as keep:
        given = _copies(files, keep) if archive is None else unpack("archive.zip", archive, keep=keep)
        require_all(given)
        job_id = new_id()
        label = _look_at(given)
        stored = store_files(f"imports/{organization_id}/{job_id}", given)
    try:
        return create_job(
            kind=KIND,
            task=TASK,
            label=label,
            parameters={FILES: stored},
            organization_id=organization_id,
            job_id=job_id,
        )
    except BaseException:
        remove_files(list(stored.values()))
        raise


def run_import(run: JobRun) -> Mapping[str, object]:
    """The work of an import's job."""
    organization_id = run.job.organization_id
    if organization_id is None:
        raise ValueError("An import is an organization's.")
    with stored_files(run.job) as streams:
        competitions = read_competitions(streams)
    return load_competitions(organization_id=organization_id, competitions=competitions, report=run.report).as_data()


def _copies(files: Mapping[str, IO[bytes]], keep: ExitStack) -> dict[str, BinaryIO]:
    faults, left = Faults(), LARGEST
    copies: dict[str, BinaryIO] = {}
    for name, file in files.items():
        copies[name], size = copy(file, limit=left, keep=keep)
        left -= size
        if left < 0:
            sentence = f"Split the files; together they have more than {LARGEST // MEGABYTE} MB."
            faults.add(name, 0, "", "TOO_LARGE", sentence)
            break
    faults.refuse()
    return copies


def _look_at(streams: Mapping[str, BinaryIO]) -> str:
    """What the job is called; a whole check where that is quick, else one of the headers."""
    size = sum(stream.seek(0, 2) for stream in streams.values())
    _rewind(streams)
    if size <= READ_AT_ONCE:
        competitions = read_competitions(streams)
        _rewind(streams)
        return _label(competitions)
    faults = Faults()
    for name, columns in COLUMNS.items():
        next(read_table(name, streams[name], columns, faults), None)
    faults.refuse()
    _rewind(streams)
    return f"Competitions in {size / MEGABYTE:.0f} MB of files"


def _label(competitions: tuple[CompetitionSheet, ...]) -> str:
    first, more = competitions[0].name[:150], len(competitions) - 1
    return f"{first} and {more} more" if more else first


def _rewind(streams: Mapping[str, BinaryIO]) -> None:
    for stream in streams.values():
        stream.seek(0)
