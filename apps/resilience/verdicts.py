"""What an exception of a client library says about the service: its fault, an answer, or nothing.

Answers (404, "no such mailbox", a missing file) show that the service lives. Mistakes of our own (a wrong type)
and "too many requests" show nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import psycopg
from django.db import utils as django_db

from apps.core import clock
from apps.core.errors import PodiumError, RetryableError
from apps.resilience.config import Outcome

TOO_MANY_REQUESTS = 429
_OUR_MISTAKES = (TypeError, ValueError, LookupError, AttributeError, AssertionError)
_ANSWERS_OF_A_FILE_SYSTEM = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
_OUR_SMTP_ACCESS_IS_BROKEN = frozenset({530, 534, 535, 538})
_GREYLISTED = 450
_DATABASE_IS_ILL = ("08", "28", "3D", "53", "57P", "58", "XX")
"""Beginnings of SQLSTATEs (PostgreSQL's manual, appendix A): connections, our credentials, no resources, an operator
ends it, the system's errors, its own."""


def verdict(error: BaseException) -> Outcome:
    """Judge an exception."""
    mail = _smtp_verdict(error)
    if mail is not None:
        return mail
    status = status_of(error)
    if status is not None:
        return _http_verdict(status)
    if isinstance(error, PodiumError):
        return Outcome.FAILURE if isinstance(error, RetryableError) else Outcome.SUCCESS
    if isinstance(error, django_db.Error | psycopg.Error):
        return _database_verdict(error)
    return _python_verdict(error)


def _python_verdict(error: BaseException) -> Outcome:
    if isinstance(error, json.JSONDecodeError):
        return Outcome.FAILURE
    if isinstance(error, _OUR_MISTAKES):
        return Outcome.IGNORED
    return Outcome.SUCCESS if isinstance(error, _ANSWERS_OF_A_FILE_SYSTEM) else Outcome.FAILURE


def says_fault(_kind: type[BaseException], error: BaseException) -> bool:
    """For `CircuitBreakerConfig.counts_as_failure`."""
    return verdict(error) is Outcome.FAILURE


def says_nothing(_kind: type[BaseException], error: BaseException) -> bool:
    """For `CircuitBreakerConfig.ignores`."""
    return verdict(error) is Outcome.IGNORED


def _http_verdict(status: int) -> Outcome:
    if status == TOO_MANY_REQUESTS:
        return Outcome.IGNORED
    return Outcome.FAILURE if status >= 500 or status == 408 else Outcome.SUCCESS  # noqa: PLR2004 - HTTP's numbers


def _smtp_verdict(error: BaseException) -> Outcome | None:
    """RFC 5321: 4yz is the server's trouble and may pass, 5yz is about this mail. None for no answer of SMTP.

    Told by their attributes, so that nothing here imports a mail client.
    """
    recipients = getattr(error, "recipients", None)
    if isinstance(recipients, Mapping):
        codes = {code for code, _ in recipients.values()}
        if codes == {_GREYLISTED}:
            return Outcome.IGNORED
        return Outcome.FAILURE if any(code < 500 for code in codes) else Outcome.SUCCESS  # noqa: PLR2004
    code = getattr(error, "smtp_code", None)
    if not isinstance(code, int):
        return None
    return Outcome.FAILURE if code < 500 or code in _OUR_SMTP_ACCESS_IS_BROKEN else Outcome.SUCCESS  # noqa: PLR2004


def _database_verdict(error: django_db.Error | psycopg.Error) -> Outcome:
    """A broken rule, a deadlock, a statement that ran out of its time: the database answered."""
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    if state is not None:
        return Outcome.FAILURE if state.startswith(_DATABASE_IS_ILL) else Outcome.SUCCESS
    if isinstance(error, django_db.InterfaceError | psycopg.InterfaceError):
        return Outcome.IGNORED  # a connection that broke before, or our mistake
    lost = isinstance(error, django_db.OperationalError | psycopg.OperationalError)
    return Outcome.FAILURE if lost else Outcome.SUCCESS


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an exception carries, in the ways of httpx, requests, openai and botocore."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        response = response.get("ResponseMetadata") or {}
        status = response.get("HTTPStatusCode") if isinstance(response, Mapping) else None
    else:
        status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def retry_after_of(error: BaseException) -> float | None:
    """Seconds after which the service wants to be asked again, if it said so."""
    own = getattr(error, "retry_after", None)
    if isinstance(own, int | float):
        return float(own)
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None)
    if isinstance(response, Mapping):
        headers = (response.get("ResponseMetadata") or {}).get("HTTPHeaders")
    value = headers.get("retry-after") or headers.get("Retry-After") if isinstance(headers, Mapping) else None
    return read_retry_after(value) if value else None


def read_retry_after(value: str, now: datetime | None = None) -> float | None:
    """`Retry-After` in both forms of RFC 9110, section 10.2.3: seconds, or an HTTP date. None if neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - (now or clock.now())).total_seconds())
