"""Imports that somebody uploads: looked at, kept in the file storage, and done by a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO, BinaryIO
from uuid import UUID

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from apps.contests.services.imports.archives import LARGEST, MEGABYTE, copy, require_all, unpack
from apps.contests.services.imports.faults import Faults
from apps.contests.services.imports.isu import read_competitions
from apps.contests.services.imports.isu_rows import COLUMNS
from apps.contests.services.imports.loading import load_competitions
from apps.contests.services.imports.sheets import CompetitionSheet
from apps.contests.services.imports.tables import read_table
from apps.core.errors import Gone
from apps.core.ids import new_id
from apps.core.jobs.models import Job
from apps.core.jobs.running import JobRun
from apps.core.jobs.services import create_job

log = structlog.get_logger("podium.import")

KIND = "isu_import"
TASK = "contests.import_isu"
# Up to this size, files are read while the caller waits (about a second), so that bad rows are named at once.
READ_AT_ONCE = 4 * MEGABYTE


class UploadGone(Gone):
    """The uploaded files are no longer in the storage."""

    code = "UPLOAD_GONE"
    title = "The uploaded files are gone"


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
        stored = _store(f"imports/{organization_id}/{job_id}", given)
    try:
        return create_job(
            kind=KIND,
            task=TASK,
            label=label,
            parameters={"files": stored},
            organization_id=organization_id,
            job_id=job_id,
        )
    except BaseException:
        _remove(list(stored.values()))
        raise


def run_import(run: JobRun) -> Mapping[str, object]:
    """The work of an import's job."""
    organization_id = run.job.organization_id
    if organization_id is None:
        raise ValueError("An import is an organization's.")
    with _stored_files(run.job) as streams:
        competitions = read_competitions(streams)
    return load_competitions(organization_id=organization_id, competitions=competitions, report=run.report).as_data()


def discard_upload(job: Job) -> None:
    """Remove the files of an import that has ended, once that is committed."""
    if job.kind == KIND:
        transaction.on_commit(partial(_remove, list(job.parameters["files"].values())))


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


def _store(folder: str, streams: Mapping[str, BinaryIO]) -> dict[str, str]:
    """Keep the files, all or none; the names that the storage has given them."""
    stored: dict[str, str] = {}
    try:
        for name, stream in streams.items():
            stored[name] = default_storage.save(f"{folder}/{name}", File(stream, name))
    except BaseException:
        _remove(list(stored.values()))
        raise
    return stored


def _remove(stored: list[str]) -> None:
    """Personal data must not stay behind; a storage that is away must not make an import fail that is done."""
    for name in stored:
        try:
            default_storage.delete(name)
        except Exception as error:  # noqa: BLE001 - whatever a storage raises
            log.warning("upload not removed", file=name, error_type=type(error).__name__)


@contextmanager
def _stored_files(job: Job) -> Iterator[dict[str, BinaryIO]]:
    with ExitStack() as keep:
        streams: dict[str, BinaryIO] = {}
        for name, stored in job.parameters["files"].items():
            try:
                with default_storage.open(stored) as file:
                    streams[name], _ = copy(file, keep=keep)
            except FileNotFoundError as error:
                raise UploadGone("The uploaded files are no longer there. Upload them again.") from error
        yield streams
