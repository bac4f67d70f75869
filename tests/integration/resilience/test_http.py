"""Outbound HTTP against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from apps.core import clock
from apps.core.correlation.context import Correlation, correlated
from apps.resilience.errors import CircuitOpen, DeadlineExceeded, RateLimited, RetriesExhausted
from apps.resilience.http import HttpClient
from apps.resilience.policy import Policy, ServiceConfig
from apps.resilience.registry import Registry
from apps.resilience.retry import RetryConfig
from apps.resilience.verdicts import says_fault, says_nothing
from tests.integration.resilience.flaky_server import FlakyServer, serving
from tests.unit.resilience.hands import config

TWICE = RetryConfig(attempts=2, base=0.0, jitter=False)
ONCE = RetryConfig(attempts=1)
LONG_ENOUGH_TO_SEND = 1.0
"""Seconds in which even a busy machine connects and sends; what comes after that is under test."""


@pytest.fixture
def server() -> Iterator[FlakyServer]:
    with serving() as state:
        yield state


MakeClient = Callable[..., HttpClient]


@pytest.fixture
def client(server: FlakyServer) -> Iterator[MakeClient]:
    made: list[HttpClient] = []

    def new(url: str = "", **changes: Any) -> HttpClient:
        breaker = config(failure_threshold=3, counts_as_failure=says_fault, ignores=says_nothing)
        service = ServiceConfig(name="jira_api", breaker=breaker, retry=ONCE, deadline=60.0)
        registry = Registry({"jira_api": replace(service, **changes)}, None)
        made.append(HttpClient(registry.policy("jira_api"), base_url=url or server.url))
        return made[-1]

    yield new
    for each in made:
        each.close()


def totals(policy: Policy) -> tuple[int, int, int]:
    counted = policy.breaker.circuit.totals()
    return counted.succeeded, counted.failed, counted.ignored


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 410, 422])
def test_an_answer_is_returned_and_counts_as_a_success(server: FlakyServer, client: MakeClient, status: int) -> None:
    http = client()
    server.status = status
    assert http.get("/thing").status_code == status
    assert totals(http.policy) == (1, 0, 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_the_servers_own_failure_counts_and_raises(server: FlakyServer, client: MakeClient, status: int) -> None:
    http = client()
    server.status = status
    with pytest.raises(RetriesExhausted) as caught:
        http.get("/thing")
    assert totals(http.policy) == (0, 1, 0)
    cause = caught.value.__cause__
    assert isinstance(cause, httpx.HTTPStatusError)
    assert cause.response.content == b"." * 50


def test_after_the_threshold_the_server_is_left_alone(server: FlakyServer, client: MakeClient) -> None:
    http = client()
    server.status = 503
    for _ in range(3):
        with pytest.raises(RetriesExhausted):
            http.get("/thing")
    for _ in range(5):
        with pytest.raises(CircuitOpen):
            http.get("/thing")
    assert len(server.seen) == 3


def as_seconds() -> str:
    return "2000"


def as_date() -> str:
    return format_datetime(clock.now().replace(microsecond=0) + timedelta(seconds=2000), usegmt=True)


@pytest.mark.parametrize("form", [as_seconds, as_date])
def test_a_429_holds_the_next_call_back_in_both_forms_of_retry_after(
    server: FlakyServer, client: MakeClient, form: Callable[[], str]
) -> None:
    http = client()
    server.answers = [(429, {"Retry-After": form()})]
    with pytest.raises(RateLimited) as first:
        http.get("/thing")
    with pytest.raises(RateLimited) as second:
        http.get("/thing")
    assert [error.value.retry_after for error in (first, second)] == [pytest.approx(2000, abs=60)] * 2
    assert len(server.seen) == 1
    assert totals(http.policy) == (0, 0, 2)


def test_a_safe_request_is_repeated(server: FlakyServer, client: MakeClient) -> None:
    server.answers = [(503, {})]
    assert client(retry=TWICE).get("/thing").status_code == 200
    assert [seen.method for seen in server.seen] == ["GET", "GET"]


def test_a_post_is_not_repeated_once_it_left(server: FlakyServer, client: MakeClient) -> None:
    server.answers = [(503, {})]
    with pytest.raises(RetriesExhausted, match="failed once"):
        client(retry=TWICE).post("/thing", json={"a": 1})
    assert len(server.seen) == 1


def test_a_post_with_an_idempotency_key_is_repeated(server: FlakyServer, client: MakeClient) -> None:
    server.answers = [(503, {})]
    http = client(retry=TWICE)
    assert http.post("/thing", json={"a": 1}, headers={"Idempotency-Key": "1"}).status_code == 200
    assert len(server.seen) == 2


def test_nobody_listening_is_a_failure(client: MakeClient) -> None:
    http = client(url="http://127.0.0.1:9", retry=TWICE)
    with pytest.raises(RetriesExhausted, match="failed 2 times"):
        http.post("/thing")
    assert totals(http.policy) == (0, 2, 0)


def test_a_server_that_hangs_is_left_at_the_deadline(server: FlakyServer, client: MakeClient) -> None:
    http = client(deadline=LONG_ENOUGH_TO_SEND)
    server.hang = True
    with pytest.raises(DeadlineExceeded):
        http.get("/thing")
    assert totals(http.policy) == (0, 1, 0)


def test_a_body_that_drips_in_is_left_at_the_deadline(server: FlakyServer, client: MakeClient) -> None:
    http = client(deadline=LONG_ENOUGH_TO_SEND)
    server.drip = True
    with pytest.raises(DeadlineExceeded):
        http.get("/thing")
    assert totals(http.policy) == (0, 1, 0)


def test_an_answer_larger_than_agreed_is_not_read(server: FlakyServer, client: MakeClient) -> None:
    http = HttpClient(client().policy, base_url=server.url, largest_body=10)
    with pytest.raises(RetriesExhausted, match="failed once"):
        http.get("/thing")
    http.close()


def test_a_redirect_is_not_followed(server: FlakyServer, client: MakeClient) -> None:
    server.answers = [(302, {"Location": "http://127.0.0.1:9/elsewhere"})]
    assert client().get("/thing").status_code == 302
    assert len(server.seen) == 1


def test_the_correlation_id_goes_along(server: FlakyServer, client: MakeClient) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    with correlated(Correlation(request_id="r", correlation_id="story-1", traceparent=trace)):
        client().get("/thing")
    headers = {name.lower(): value for name, value in server.seen[0].headers.items()}
    assert (headers["x-correlation-id"], headers["traceparent"]) == ("story-1", trace)


def test_the_same_for_coroutines(server: FlakyServer, client: MakeClient) -> None:
    http = client(retry=TWICE)

    async def run() -> None:
        server.answers = [(503, {})]
        assert (await http.aget("/thing")).status_code == 200
        assert (await http.apost("/thing")).status_code == 200
        server.answers = [(429, {"Retry-After": "0"})]
        assert (await http.aget("/thing")).status_code == 200
        await http.aclose()
        hurried = HttpClient(http.policy.with_options(deadline=LONG_ENOUGH_TO_SEND), base_url=server.url)
        server.hang = True
        with pytest.raises(DeadlineExceeded):
            await hurried.aget("/thing")
        await hurried.aclose()

    asyncio.run(run())
    assert totals(http.policy) == (3, 2, 1)
