"""The error families of Podium. A domain error subclasses one of them and sets its own `code`.

A family says what a caller can do about it (mend the request, wait, ask somebody else); the HTTP status that
belongs to a family is known in one place only, `apps.core.rest.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field or row.

    `pointer` is a JSON pointer into the request body (RFC 6901), or `#/rows/12/score` for row 12 of a file.
    """

    pointer: str
    code: str
    detail: str


class PodiumError(Exception):
    """Base of every error that Podium raises on purpose.

    `code` is stable, UPPER_SNAKE and listed in docs/api/errors.md; `detail` is a sentence for people.
    `extra` is added to the problem document as members of its own (`conflicts`, `allowed`…).
    """

    code: ClassVar[str] = "ERROR"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = dict(extra or {})


class MalformedRequest(PodiumError):
    """Can't be parsed: a broken body, an unknown query parameter, a bad header. HTTP 400."""

    code = "MALFORMED_REQUEST"
    title = "The request can't be read"


class OrganizationNotNamed(MalformedRequest):
    """The caller may act in several organizations and did not say which one is meant."""

    code = "ORGANIZATION_REQUIRED"
    title = "Say which organization is meant"


class Unauthenticated(PodiumError):
    """Nobody has signed in, or what they signed in with no longer counts. HTTP 401."""

    code = "NOT_AUTHENTICATED"
    title = "Sign in first"


class NotFound(PodiumError):
    """Not there, deleted, or another organization's: the three look the same. HTTP 404."""

    code = "NOT_FOUND"
    title = "Not found"

    def __init__(
        self,
        detail: str = "There is nothing here, or nothing that you may see.",
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail, errors=errors, extra=extra)


class Forbidden(PodiumError):
    """Known, but this role may not. HTTP 403."""

    code = "FORBIDDEN"
    title = "Not allowed"


class Conflict(PodiumError):
    """Well formed and valid, but at odds with the state of things. HTTP 409."""

    code = "CONFLICT"
    title = "In conflict with the current state"


class TooLarge(PodiumError):
    """More bytes than are taken here. HTTP 413."""

    code = "TOO_LARGE"
    title = "The request is too large"


class Invalid(PodiumError):
    """Well formed, not valid; one entry in `errors` per field. HTTP 422."""

    code = "INVALID"
    title = "Some values are not valid"


class Gone(PodiumError):
    """Was here, is not coming back. HTTP 410."""

    code = "GONE"
    title = "No longer available"


class StaleVersion(PodiumError):
    """`If-Match` or `version` names a version that is no longer the current one. HTTP 412."""

    code = "STALE_VERSION"
    title = "Somebody else changed it first"


class VersionRequired(PodiumError):
    """A contested resource is written without saying which version was read. HTTP 428."""

    code = "VERSION_REQUIRED"
    title = "Say which version you have read"


class RetryableError(PodiumError):
    """Nothing is wrong with the request: the same one may work later.

    `retry_after` is in seconds, None when nobody knows.
    """

    def __init__(self, detail: str, *, retry_after: float | None = None, **kwargs: object) -> None:
        super().__init__(detail, extra=kwargs)
        self.retry_after = retry_after


class Unavailable(RetryableError):
    """A dependency is away or refused. HTTP 503."""

    code = "DEPENDENCY_UNAVAILABLE"
    title = "A service that this needs is not available"


class TimedOut(RetryableError):
    """A dependency did not answer in time. HTTP 504."""

    code = "DEPENDENCY_TIMEOUT"
    title = "A service that this needs did not answer in time"


class TooManyRequests(RetryableError):
    """A rate limit is used up. HTTP 429."""

    code = "RATE_LIMITED"
    title = "Too many requests"
