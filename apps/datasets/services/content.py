"""The bytes of versions: read once, stored once per content, removed when the last version that needs them is gone.

Two equal uploads of one organization share their bytes. Organizations share nothing: whether an upload was new would
tell what others have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from apps.core.errors import FieldError
from apps.core.queue import enqueue_on_commit
from apps.core.softdelete.hooks import Affected
from apps.core.tenancy import platform_scope
from apps.datasets.errors import ContentMissing, UnreadableTable, UploadTooLarge
from apps.datasets.models import DatasetVersion
from apps.datasets.reading import Limits, TableProblem, TableSurvey, survey_table

log = structlog.get_logger("podium.datasets")

# What a multipart body holds besides the file.
ENVELOPE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that turned out to be a table."""

    file: BinaryIO
    filename: str
    survey: TableSurvey


def read_upload(*, file: BinaryIO, filename: str) -> Upload:
    """Read a file from beginning to end, and say what is in it.

    Raises:
        UnreadableTable: it is no table.
        UploadTooLarge: it has too many bytes.
    """
    try:
        survey = survey_table(file, _limits())
    except TableProblem as problem:
        raise _refusal(problem) from problem
    return Upload(file, filename[-255:].replace("\x00", ""), survey)


def refuse_too_large(*, content_length: int) -> None:
    """Refuse a request that says it is too large, before its body is read.

    Raises:
        UploadTooLarge: it is.
    """
    if content_length > _limits().bytes + ENVELOPE:
        raise _too_large()


def _limits() -> Limits:
    return Limits(**settings.DATASET_LIMITS)


def _refusal(problem: TableProblem) -> UnreadableTable | UploadTooLarge:
    if problem.code == "TOO_LARGE":
        return _too_large()
    errors = [FieldError(f"#/rows/{row.line}", row.code, row.detail) for row in problem.rows]
    return UnreadableTable(
        problem.detail,
        errors=errors or [FieldError("#/file", problem.code, problem.detail)],
        extra={"reason": problem.code, "bad_rows": problem.bad_rows},
    )


def _too_large() -> UploadTooLarge:
    most = _limits().bytes
    detail = f"A file may have {most:,} bytes."
    return UploadTooLarge(detail, errors=[FieldError("#/file", "TOO_LARGE", detail)], extra={"limit": most})


def store_content(*, organization_id: UUID, upload: Upload) -> str:
    """Put an upload's bytes where their hash says, in the transaction that records them; returns the storage key.

    A half-written file of a crashed upload keeps its name, and this one gets another.
    """
    digest, size = upload.survey.sha256, upload.survey.size
    key = f"datasets/{organization_id}/{digest[:2]}/{digest}.csv"
    _hold(key)
    if default_storage.exists(key) and default_storage.size(key) == size:
        return key
    upload.file.seek(0)
    return default_storage.save(key, File(upload.file))


def _hold(key: str) -> None:
    """Lock a storage key until the end of the transaction, so that no bytes are removed while a row begins to use
    them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def open_content(*, version: DatasetVersion) -> File[Any]:
    """A version's bytes, open for reading. Whoever gets them closes them.

    Raises:
        ContentMissing: at once, and not in the middle of a response.
    """
    try:
        file = default_storage.open(version.storage_key, "rb")
        file.seek(0)  # S3 opens with the first look only
    except FileNotFoundError as error:
        log.exception("content missing", version_id=str(version.pk), storage_key=version.storage_key)
        raise ContentMissing("The bytes of this version are not in the storage.") from error
    return file


def forget_purged_content(affected: Affected) -> Callable[[], None] | None:
    """Soft delete's hook: once purged rows are gone, a worker removes the bytes that nobody needs any more."""
    keys = sorted(set(affected.rows(DatasetVersion).values_list("storage_key", flat=True)))
    if not keys:
        return None
    return lambda: enqueue_on_commit("datasets.remove_unused_content", keys, queue="datasets")


def remove_unused_content(*, keys: Sequence[str]) -> int:
    """Remove the bytes under those of `keys` that no version names, deleted ones included. Can be run again.

    Returns:
        how many were removed.
    """
    removed = 0
    for key in keys:
        with transaction.atomic(), platform_scope("bytes are shared by all versions with their content"):
            _hold(key)
            if not DatasetVersion.all_objects.filter(storage_key=key).exists():
                default_storage.delete(key)
                removed += 1
    return removed
