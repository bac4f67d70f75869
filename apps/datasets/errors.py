"""What can go wrong with datasets."""

from __future__ import annotations

from apps.core.errors import Invalid, NotFound, PodiumError, TooLarge


class UnreadableTable(Invalid):
    """The file is no table that can be taken; `reason` is stable, `errors` name the first bad rows."""

    code = "UNREADABLE_TABLE"
    title = "This file can't be read as a table"


class UploadTooLarge(TooLarge):
    """More bytes than an upload may have; `limit` says how many that is."""

    code = "UPLOAD_TOO_LARGE"
    title = "This file is too large"


class NoSuchVersion(NotFound):
    """The dataset has no live version of this number, or none at all."""

    code = "NO_SUCH_VERSION"
    title = "There is no such version"


class ContentMissing(PodiumError):
    """The version is recorded, and its bytes are not in the storage: an operator has to look."""

    code = "CONTENT_MISSING"
    title = "The content of this version is missing"
