"""What exceptions of client libraries say about the service."""

from __future__ import annotations

import json
import smtplib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import utils as django_db

from apps.core.errors import Invalid, NotFound
from apps.resilience.config import Outcome
from apps.resilience.errors import DeadlineExceeded
from apps.resilience.verdicts import read_retry_after, retry_after_of, verdict

FAULT, ANSWER, NOTHING = Outcome.FAILURE, Outcome.SUCCESS, Outcome.IGNORED


def http(status: int, headers: dict[str, str] | None = None) -> Exception:
    error = Exception("httpx, requests and openai carry a response")
    error.response = SimpleNamespace(status_code=status, headers=headers or {})  # type: ignore[attr-defined]
    return error


def boto(status: int, headers: dict[str, str] | None = None) -> Exception:
    error = Exception("botocore carries a mapping")
    meta = {"HTTPStatusCode": status, "HTTPHeaders": headers or {}}
    error.response = {"Error": {}, "ResponseMetadata": meta}  # type: ignore[attr-defined]
    return error


def database(kind: type[django_db.Error], cause: type[psycopg.Error]) -> Exception:
    error = kind()
    error.__cause__ = cause()
    return error


def refused(*codes: int) -> Exception:
    return smtplib.SMTPRecipientsRefused({f"{code}@example.org": (code, b"no") for code in codes})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (http(500), FAULT),
        (http(503), FAULT),
        (http(408), FAULT),
        (http(404), ANSWER),
        (http(410), ANSWER),
        (http(422), ANSWER),
        (http(429), NOTHING),
        (boto(500), FAULT),
        (boto(404), ANSWER),
        (boto(429), NOTHING),
        (smtplib.SMTPDataError(421, b"closing"), FAULT),
        (smtplib.SMTPDataError(451, b"local error"), FAULT),
        (smtplib.SMTPDataError(550, b"rejected"), ANSWER),
        (smtplib.SMTPSenderRefused(553, b"no", "me@example.org"), ANSWER),
        (smtplib.SMTPAuthenticationError(535, b"bad credentials"), FAULT),
        (refused(550), ANSWER),
        (refused(550, 452), FAULT),
        (refused(450), NOTHING),
        (smtplib.SMTPServerDisconnected("gone"), FAULT),
        (ConnectionError(), FAULT),
        (TimeoutError(), FAULT),
        (OSError(28, "No space left on device"), FAULT),
        (PermissionError(), FAULT),
        (FileNotFoundError(), ANSWER),
        (json.JSONDecodeError("garbage", "<html>", 0), FAULT),
        (TypeError(), NOTHING),
        (ValueError(), NOTHING),
        (KeyError(), NOTHING),
        (Invalid("no"), ANSWER),
        (NotFound("no"), ANSWER),
        (DeadlineExceeded("late", service="x"), FAULT),
        (database(django_db.OperationalError, psycopg.OperationalError), FAULT),
        (database(django_db.OperationalError, psycopg.errors.AdminShutdown), FAULT),
        (database(django_db.OperationalError, psycopg.errors.TooManyConnections), FAULT),
        (database(django_db.OperationalError, psycopg.errors.DiskFull), FAULT),
        (database(django_db.OperationalError, psycopg.errors.DeadlockDetected), ANSWER),
        (database(django_db.OperationalError, psycopg.errors.QueryCanceled), ANSWER),
        (database(django_db.IntegrityError, psycopg.errors.UniqueViolation), ANSWER),
        (database(django_db.ProgrammingError, psycopg.errors.UndefinedTable), ANSWER),
        (database(django_db.InterfaceError, psycopg.InterfaceError), NOTHING),
        (psycopg.OperationalError("connection refused"), FAULT),
        (psycopg.errors.InvalidPassword(), FAULT),
        (Exception("unknown"), FAULT),
    ],
    ids=lambda value: f"{type(value).__name__}-{value}" if isinstance(value, Exception) else str(value),
)
def test_who_is_to_blame(error: Exception, expected: Outcome) -> None:
    assert verdict(error) is expected


NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 01 Nov 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Sun, 01 Nov 2026 12:02:00 +99999999999999999999", None),
        ("", None),
    ],
)
def test_retry_after_has_two_forms(value: str, seconds: float | None) -> None:
    assert read_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "error", [http(503, {"retry-after": "7"}), boto(503, {"retry-after": "7"}), http(429, {"Retry-After": "7"})]
)
def test_retry_after_is_found_where_the_library_keeps_it(error: Any) -> None:
    assert retry_after_of(error) == 7.0


def test_no_retry_after_is_none() -> None:
    assert [retry_after_of(error) for error in (http(503), boto(503), ValueError())] == [None, None, None]
