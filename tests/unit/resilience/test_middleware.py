"""What a request may wait for services."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.http import HttpResponse
from django.test import RequestFactory

from apps.resilience.errors import RetriesExhausted
from apps.resilience.middleware import DeadlineMiddleware
from apps.resilience.policy import ServiceConfig
from apps.resilience.registry import Registry
from apps.resilience.retry import RetryConfig
from apps.resilience.timeout import remaining
from config.settings.resilience import RESILIENCE
from tests.unit.resilience.hands import config

LIMIT = RESILIENCE["REQUEST_DEADLINE"]


def test_a_request_has_a_deadline_and_what_comes_after_it_has_none() -> None:
    left: list[float] = []

    def view(_request: object) -> HttpResponse:
        left.append(remaining())
        return HttpResponse()

    DeadlineMiddleware(view)(RequestFactory().get("/"))
    assert 0 < left[0] <= LIMIT
    assert remaining() == float("inf")


def test_so_has_one_that_is_served_by_a_coroutine() -> None:
    left: list[float] = []

    async def view(_request: object) -> HttpResponse:
        left.append(remaining())
        return HttpResponse()

    async def serve() -> float:
        middleware: Any = DeadlineMiddleware(markcoroutinefunction(view))
        await middleware(RequestFactory().get("/"))
        return remaining()

    assert asyncio.run(serve()) == float("inf")
    assert 0 < left[0] <= LIMIT


def test_a_policy_with_more_time_of_its_own_plans_no_attempt_behind_the_requests_deadline() -> None:
    patient = ServiceConfig(
        name="storage",
        breaker=config(failure_threshold=100),
        retry=RetryConfig(attempts=5, base=2 * LIMIT, cap=2 * LIMIT, jitter=False),
        deadline=100 * LIMIT,
    )
    policy = Registry({"storage": patient}, None).policy("storage")

    def view(_request: object) -> HttpResponse:
        policy.call(_break)
        return HttpResponse()

    with pytest.raises(RetriesExhausted, match="leaves no time"):
        DeadlineMiddleware(view)(RequestFactory().get("/"))


def _break() -> None:
    raise ConnectionError
