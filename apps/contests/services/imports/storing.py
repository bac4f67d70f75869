"""Uploaded files between the request and the worker: in the file storage, and removed with the job's end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import BinaryIO

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from apps.contests.services.imports.archives import copy
from apps.core.errors import Gone
from apps.core.jobs.models import Job

log = structlog.get_logger("podium.import")

KINDS = frozenset({"isu_import", "csv_import"})  # of jobs that have files
FILES = "files"  # the parameter of a job that names its files in the storage, by the names that people know


class UploadGone(Gone):
    """The uploaded files are no longer in the storage."""

    code = "UPLOAD_GONE"
    title = "The uploaded files are gone"


def store_files(folder: str, streams: Mapping[str, BinaryIO]) -> dict[str, str]:
    """Keep the files, all or none; the names that the storage has given them."""
    stored: dict[str, str] = {}
    try:
        for name, stream in streams.items():
            stored[name] = default_storage.save(f"{folder}/{name}", File(stream, name))
    except BaseException:
        remove_files(list(stored.values()))
        raise
    return stored


def remove_files(stored: list[str]) -> None:
    """Personal data must not stay behind; a storage that is away must not make an import fail that is done."""
    for name in stored:
        try:
            default_storage.delete(name)
        except Exception as error:  # noqa: BLE001 - whatever a storage raises
            log.warning("upload not removed", file=name, error_type=type(error).__name__)


@contextmanager
def stored_files(job: Job) -> Iterator[dict[str, BinaryIO]]:
    """The job's files, as temporary copies.

    Raises:
        UploadGone: one is no longer there.
    """
    with ExitStack() as keep:
        streams: dict[str, BinaryIO] = {}
        for name, stored in job.parameters[FILES].items():
            try:
                with default_storage.open(stored) as file:
                    streams[name], _ = copy(file, keep=keep)
            except FileNotFoundError as error:
                raise UploadGone("The uploaded files are no longer there. Upload them again.") from error
        yield streams


def discard_upload(job: Job) -> None:
    """Remove the files of a job that has ended, once that is committed."""
    if job.kind in KINDS:
        transaction.on_commit(partial(remove_files, list(job.parameters[FILES].values())))
