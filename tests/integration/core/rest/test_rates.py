"""Rates that every process shares, and what becomes of them when Valkey is away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core import rates
from apps.core.ids import new_id
from apps.resilience import policy


@pytest.fixture
def key() -> str:
    """A key that nobody counted before."""
    return str(new_id())


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    rates._limiter.cache_clear()
    yield
    rates._limiter.cache_clear()
    policy("cache").breaker.reset()  # what failed here must not keep the next test from its Valkey


def test_a_rate_is_used_up_and_says_when_there_is_room_again(key: str) -> None:
    windows = [rates.hit("3/minute", "test", key) for _ in range(4)]
    assert [(window.allowed, window.remaining) for window in windows] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert (windows[0].limit, windows[0].seconds) == (3, 60)
    assert 1 <= windows[-1].reset_in <= 60


def test_looking_counts_nothing(key: str) -> None:
    assert [rates.peek("1/minute", "test", key).allowed for _ in range(3)] == [True, True, True]
    rates.hit("1/minute", "test", key)
    assert rates.peek("1/minute", "test", key).allowed is False


def test_a_count_can_start_anew(key: str) -> None:
    rates.hit("1/minute", "test", key)
    rates.forget("1/minute", "test", key)
    assert rates.hit("1/minute", "test", key).allowed is True


def test_keys_and_kinds_are_counted_apart(key: str) -> None:
    rates.hit("1/minute", "test", key)
    assert rates.hit("1/minute", "other", key).allowed is True
    assert rates.hit("1/minute", "test", f"{key}x").allowed is True


def test_processes_share_their_counts(key: str) -> None:
    rates.hit("1/minute", "test", key)
    rates._limiter.cache_clear()  # as in another process, which has connections of its own
    assert rates.hit("1/minute", "test", key).allowed is False


def test_with_valkey_away_the_process_counts_for_itself(key: str, settings: Any, caplog: Any) -> None:
    settings.LIMITS_URL = "redis://127.0.0.1:1/0"
    assert [rates.hit("2/minute", "test", key).allowed for _ in range(3)] == [True, True, False]
    rates.forget("2/minute", "test", key)
    assert rates.peek("2/minute", "test", key).allowed is True
    assert "rate limits are counted per process" in {record.msg["event"] for record in caplog.records}
