"""Lines are written at once, or together where a stretch of work asks for it; none is lost, and none overtakes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from apps.core.correlation.lines import LineHandler, gathered_lines


class Paper(StringIO):
    """What is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def log(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [LineHandler(paper)])
    level = root.level
    root.setLevel(logging.INFO)
    yield logging.getLogger("podium.test_lines")
    root.setLevel(level)


def told(paper: Paper) -> list[str]:
    return "".join(paper.writes).splitlines()


def test_a_line_is_written_at_once(log: logging.Logger, paper: Paper) -> None:
    log.info("one")
    assert told(paper) == ["one"]


def test_gathered_lines_are_written_together_when_asked_for(log: logging.Logger, paper: Paper) -> None:
    with gathered_lines() as write:
        log.info("one")
        log.info("two")
        assert paper.writes == []
        write()
        assert paper.writes == ["one\ntwo\n"]
        log.info("three")
    assert told(paper) == ["one", "two", "three"]

    log.info("four")
    assert told(paper)[-1] == "four"


def test_a_warning_waits_for_nobody_and_overtakes_nobody(log: logging.Logger, paper: Paper) -> None:
    with gathered_lines():
        log.info("one")
        log.warning("two")
        assert told(paper) == ["one", "two"]
        log.info("three")
        assert told(paper) == ["one", "two"]
    assert told(paper) == ["one", "two", "three"]


def test_what_waits_is_written_when_the_work_fails(log: logging.Logger, paper: Paper) -> None:
    def work() -> None:
        with gathered_lines():
            log.info("one")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert told(paper) == ["one"]


def test_a_line_that_cannot_be_made_stops_nobody(
    log: logging.Logger, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)

    class Unspeakable:
        def __str__(self) -> Any:
            raise ValueError

    with gathered_lines():
        log.info("%s", Unspeakable())
        log.info("one")
    assert told(paper) == ["one"]


@pytest.mark.parametrize("error", [BrokenPipeError, ValueError])
def test_a_stream_that_is_gone_stops_nobody(
    log: logging.Logger, paper: Paper, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)

    def refuse(_text: str) -> int:
        raise error

    monkeypatch.setattr(paper, "write", refuse)
    log.info("nobody reads this")
    with gathered_lines() as write:
        log.info("nor this")
        write()
        log.warning("nor this")
        log.info("nor this")
    assert paper.writes == []
