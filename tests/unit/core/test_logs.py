"""Logs carry the ids, and never a secret or a person."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from apps.core.correlation.context import correlated, new_correlation
from apps.core.correlation.logs import hide_secrets, logging_config, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """The root logger writes JSON into a buffer."""
    buffer = StringIO()
    config = logging_config(level="INFO", as_json=True)
    formatter = logging.Formatter()
    logging.config.dictConfig({**config, "handlers": {}, "root": {}, "loggers": {}})
    spec = dict(config["formatters"]["podium"])
    formatter = spec.pop("()")(**spec)
    handler = logging.StreamHandler(buffer)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    previous, level = root.handlers[:], root.level
    root.handlers, root.level = [handler], logging.INFO
    yield buffer
    root.handlers, root.level = previous, level


def _records(buffer: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in buffer.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_have_one_shape(lines: StringIO) -> None:
    with correlated(new_correlation(request_id="req-1", correlation_id="story-1")):
        structlog.get_logger("podium.test").info("ours", figure=3)
        logging.getLogger("some.library").warning("theirs %s", "too")

    ours, theirs = _records(lines)

    assert (ours["event"], ours["figure"], ours["module"], ours["level"]) == ("ours", 3, "podium.test", "info")
    assert (theirs["event"], theirs["module"], theirs["level"]) == ("theirs too", "some.library", "warning")
    assert {ours["correlation_id"], theirs["correlation_id"]} == {"story-1"}
    assert {ours["request_id"], theirs["request_id"]} == {"req-1"}


def test_a_traceback_holds_no_secret(lines: StringIO) -> None:
    try:
        raise ValueError(f"refused {JWT} of alice@example.org")
    except ValueError:
        structlog.get_logger("podium.test").exception("failed")

    (record,) = _records(lines)

    assert "ValueError: refused [jwt] of [address]" in record["exception"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", "hunter2hunter2"),
        ("new_password", "x"),
        ("Authorization", "Bearer abc"),
        ("api_key", "k"),
        ("email", "alice@example.org"),
        ("phone", "+358 1"),
        ("refresh_token", "t"),
        ("cookie", "sessionid=1"),
    ],
)
def test_a_secret_is_hidden_by_the_name_of_its_key(key: str, value: str) -> None:
    assert redact(None, "info", {"event": "x", key: value})[key] == "[redacted]"


def test_a_secret_is_hidden_at_any_depth() -> None:
    event = redact(
        None, "info", {"event": "x", "body": {"items": [{"password": "p", "note": "from bob@example.org"}]}}
    )

    assert event["body"] == {"items": [{"password": "[redacted]", "note": "from [address]"}]}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"token {JWT} end", "token [jwt] end"),
        ("mail to bob.b+x@mail.example.org now", "mail to [address] now"),
        ("postgresql://podium:s3cret@db:5432/podium", "postgresql://[credentials]@db:5432/podium"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[secret]"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [token]"),
        ("nothing to hide in 3.14 or a-b-c", "nothing to hide in 3.14 or a-b-c"),
    ],
)
def test_a_secret_is_hidden_by_its_look(text: str, hidden: str) -> None:
    assert hide_secrets(text) == hidden
