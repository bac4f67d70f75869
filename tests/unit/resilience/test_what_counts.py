"""What an outcome counts as, by service, with the settings that are in force."""

from __future__ import annotations

import asyncio
import smtplib
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from apps.core.errors import PodiumError
from apps.resilience import defaults
from apps.resilience.errors import ResilienceError
from apps.resilience.policy import Policy
from apps.resilience.retry import RetryConfig
from config.settings.resilience import RESILIENCE
from tests.unit.resilience.hands import Hands

FAILED, SUCCEEDED, NOTHING = (0, 1, 0), (1, 0, 0), (0, 0, 1)


def policy(service: str) -> Policy:
    """The service's real policy, alone in its process, tried once."""
    registry = defaults.build({**RESILIENCE, "STORE_URL": ""}, threads=False)
    found = registry.endpoint("1") if service == "webhook" else registry.policy(service)
    return found.with_options(retry=RetryConfig(attempts=1))


def counted(found: Policy) -> tuple[int, int, int]:
    totals = found.breaker.circuit.totals()
    return totals.succeeded, totals.failed, totals.ignored


def answered(status: int, **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "https://receiver.example/")
    response = httpx.Response(status, headers=headers, request=request)
    return httpx.HTTPStatusError(str(status), request=request, response=response)


@pytest.mark.parametrize(
    ("service", "error", "expected"),
    [
        ("email", smtplib.SMTPDataError(550, b"no such user"), SUCCEEDED),
        ("email", smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no")}), SUCCEEDED),
        ("email", smtplib.SMTPDataError(421, b"closing"), FAILED),
        ("email", smtplib.SMTPConnectError(454, b"try later"), FAILED),
        ("email", smtplib.SMTPServerDisconnected("gone"), FAILED),
        ("webhook", answered(410), SUCCEEDED),
        ("webhook", answered(404), SUCCEEDED),
        ("webhook", answered(503), FAILED),
        ("webhook", answered(429, **{"Retry-After": "30"}), NOTHING),
        ("jira_api", answered(429, **{"Retry-After": "Sun, 01 Nov 2026 12:02:00 GMT"}), NOTHING),
        ("jira_api", answered(422), SUCCEEDED),
        ("ai", TimeoutError(), FAILED),
        ("storage", FileNotFoundError(), SUCCEEDED),
        ("storage", OSError(28, "No space left on device"), FAILED),
    ],
    ids=str,
)
def test_an_outcome_counts_as_it_should(service: str, error: Exception, expected: tuple[int, int, int]) -> None:
    found = policy(service)

    def call() -> None:
        raise error

    with suppress(type(error), PodiumError):
        found.call(call)
    assert counted(found) == expected


def test_a_slow_call_counts_as_failed() -> None:
    registry = defaults.build({**RESILIENCE, "STORE_URL": ""}, threads=False)
    registry.apply_overrides({"ai": {"stamp": 1, "slow_call_duration": 5.0}})
    found, hands = registry.policy("ai"), Hands()
    found.breaker.circuit.clock = hands
    found.call(hands.go_on, 4.0)
    found.call(hands.go_on, 6.0)
    assert counted(found) == (1, 1, 0)


def test_a_cancelled_coroutine_counts_as_nothing() -> None:
    found = policy("ai")

    async def cancel() -> None:
        task = asyncio.create_task(found.acall(asyncio.Event().wait))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert counted(found) == NOTHING


def test_a_coroutine_that_ran_out_of_its_time_counts_as_failed() -> None:
    found = policy("ai")
    hurried = replace(found, service=replace(found.service, deadline=0.5))

    async def run() -> None:
        with pytest.raises(ResilienceError):
            await hurried.acall(asyncio.Event().wait)

    asyncio.run(run())
    assert counted(found) == FAILED
