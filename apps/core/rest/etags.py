"""Versions as ETags: reads can be conditional, writes can't overwrite what they have not seen."""

from __future__ import annotations

from typing import Any, Protocol

from rest_framework.request import Request

from apps.core.errors import FieldError, MalformedRequest, StaleVersion, VersionRequired

BODY_VERSION = "version"
LONGEST = 10  # digits of a version: its column holds no more


class HasVersion(Protocol):
    """A row with a version column."""

    version: int


def etag_of(version: int) -> str:
    """The entity tag of a row's version."""
    return f'"{version}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the caller has what `tag` stands for, so that a `GET` is answered with 304.

    `If-None-Match` holds one tag, several or `*`, and is compared weakly (RFC 9110, section 13.1.2).
    """
    known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    return request.method == "GET" and (tag in known or known == ["*"])


def expected_version(request: Request, *, required: bool) -> int | None:
    """The version that the caller says it has read, from `If-Match` or the body's `version`.

    Raises:
        VersionRequired: neither was sent, and this resource asks for it.
        MalformedRequest: it is not a version of ours.
    """
    header = request.headers.get("If-Match", "").strip()
    body: Any = request.data.get(BODY_VERSION) if hasattr(request.data, "get") else None
    if header == "*" or (not header and body in (None, "")):
        if required and header != "*":
            raise VersionRequired("Send If-Match with the ETag that you have read.")
        return None
    text = header.removeprefix("W/").strip('"') if header else str(body)
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST):
        pointer = "If-Match" if header else f"#/{BODY_VERSION}"
        detail = "This is not an ETag or version of this resource."
        raise MalformedRequest(detail, errors=[FieldError(pointer, "INVALID_VERSION", detail)])
    return int(text)


def require_version(row: HasVersion, version: int | None) -> None:
    """Refuse to go on with a row that is no longer the one that was read.

    The row's own `save()` repeats the check inside its `UPDATE`, for the time in between.

    Raises:
        StaleVersion: with the current version in the document.
    """
    if version is not None and row.version != version:
        raise StaleVersion(
            f"Version {version} is no longer the current one; that is {row.version}. Read it again.",
            extra={"current_version": row.version},
        )
