"""Every error leaves as `application/problem+json` (RFC 9457), translated here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core import errors
from apps.core.correlation.context import current
from apps.core.rest.constraints import explain_violation

log = structlog.get_logger("podium.problem")

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "https://podium.dev/problems/"

STATUS: dict[type[errors.PodiumError], int] = {
    errors.MalformedRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.StaleVersion: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.VersionRequired: 428,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
    errors.TimedOut: 504,
}

CODES = {
    400: ("MALFORMED_REQUEST", "The request can't be read"),
    401: ("NOT_AUTHENTICATED", "Sign in first"),
    403: ("FORBIDDEN", "Not allowed"),
    404: ("NOT_FOUND", "Not found"),
    405: ("METHOD_NOT_ALLOWED", "This method is not offered here"),
    406: ("NOT_ACCEPTABLE", "None of the accepted formats or versions is offered"),
    413: ("TOO_LARGE", "The request is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "This content type is not understood"),
    422: ("INVALID", "Some values are not valid"),
    429: ("RATE_LIMITED", "Too many requests"),
    500: ("INTERNAL_ERROR", "Something went wrong on our side"),
}


def status_of(error: errors.PodiumError) -> int:
    """The HTTP status of an error's family; 500 for an error of no family."""
    return status_of_class(type(error))


def status_of_class(kind: type[errors.PodiumError]) -> int:
    """The same, of a class."""
    return next((STATUS[family] for family in kind.__mro__ if family in STATUS), 500)


def problem(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    instance: str | None = None,
    field_errors: tuple[errors.FieldError, ...] = (),
    extra: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """One problem document. Members of `extra` never replace the standard ones."""
    correlation = current()
    document: dict[str, Any] = {
        **(extra or {}),
        "type": TYPE_BASE + code.lower().replace("_", "-"),
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": correlation.request_id if correlation else "",
        "correlation_id": correlation.correlation_id if correlation else "",
        "errors": [
            {"pointer": _sayable(e.pointer), "code": e.code.upper(), "detail": _sayable(e.detail)}
            for e in field_errors
        ],
    }
    if instance is not None:
        document["instance"] = instance
    return document


def _sayable(text: str) -> str:
    """With a question mark for each half of a surrogate pair, with which JSON may ask and nobody can answer."""
    return text.encode(errors="replace").decode()


def problem_of(error: errors.PodiumError, *, instance: str | None = None) -> dict[str, Any]:
    """The document of one of our own errors, for a response or to keep with a failed job."""
    return problem(
        status=status_of(error),
        code=error.code,
        title=error.title,
        detail=error.detail,
        instance=instance,
        field_errors=error.errors,
        extra=error.extra,
    )


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler."""
    request = context.get("request")
    instance = request.path if request is not None else None
    set_rollback()
    error = _as_ours(error)
    if isinstance(error, errors.PodiumError):
        return _respond(problem_of(error, instance=instance), _headers(error))
    if isinstance(error, exceptions.APIException):
        return _respond(_drf_problem(error, instance), _drf_headers(error))
    log.error("unhandled error", error_type=type(error).__name__, exc_info=error)
    return _respond(internal_problem(instance), {})


def internal_problem(instance: str | None) -> dict[str, Any]:
    """What the caller learns of an error that we did not foresee: nothing but the ids to ask us with."""
    code, title = CODES[500]
    detail = "This was logged. Name the correlation_id when you ask about it."
    return problem(status=500, code=code, title=title, detail=detail, instance=instance)


def _as_ours(error: Exception) -> Exception:
    """Django's own exceptions, as the family that they belong to."""
    if isinstance(error, Http404 | exceptions.NotFound):
        return errors.NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return errors.Forbidden("Your role does not allow this.")
    if isinstance(error, DjangoValidationError):
        return errors.Invalid("Some values are not valid.", errors=tuple(_django_errors(error)))
    if isinstance(error, DatabaseError):
        return explain_violation(error) or error
    return error


def _headers(error: errors.PodiumError) -> dict[str, str]:
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    if isinstance(error, errors.RetryableError) and error.retry_after is not None:
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    return {}


def _drf_headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    challenge: str | None = getattr(error, "auth_header", None)
    wait: float | None = getattr(error, "wait", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if wait:
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def _drf_problem(error: exceptions.APIException, instance: str | None) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return problem(
            status=422,
            code="INVALID",
            title=CODES[422][1],
            detail="Some values are not valid; `errors` names each.",
            instance=instance,
            field_errors=tuple(_flatten(error.detail, "#")),
        )
    code, title = CODES.get(error.status_code, ("ERROR", "The request was refused"))
    extra = getattr(error, "extra", None)
    return problem(
        status=error.status_code,
        code=code,
        title=title,
        detail=str(error.detail),
        instance=instance,
        extra=extra,
    )


def _flatten(detail: Any, pointer: str) -> Iterator[errors.FieldError]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            child = pointer if key == "non_field_errors" else f"{pointer}/{key}"
            yield from _flatten(value, child)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{pointer}/{index}" if nested else pointer)
    else:
        code = getattr(detail, "code", "invalid").upper()
        yield errors.FieldError(pointer, code, str(detail))


def _django_errors(error: DjangoValidationError) -> Iterator[errors.FieldError]:
    if hasattr(error, "error_dict"):
        for field, found in error.message_dict.items():
            pointer = "#" if field == "__all__" else f"#/{field}"
            yield from (errors.FieldError(pointer, "INVALID", message) for message in found)
    else:
        yield from (errors.FieldError("#", "INVALID", message) for message in error.messages)


def _respond(document: dict[str, Any], headers: dict[str, str]) -> Response:
    response = Response(document, status=document["status"], headers=headers)
    response.is_problem = True  # type: ignore[attr-defined]
    return response


__all__ = ["CONTENT_TYPE", "handle", "internal_problem", "problem", "problem_of", "status_of", "status_of_class"]
