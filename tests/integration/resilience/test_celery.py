"""A real Celery worker: tasks whose service is refused or fails come back by themselves, and nobody sleeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker

from apps.resilience.celery import ResilientTask
from apps.resilience.errors import CircuitOpen, RateLimited
from apps.resilience.policy import Policy, ServiceConfig
from apps.resilience.registry import Registry
from apps.resilience.retry import RetryConfig
from tests.integration.resilience.valkey_process import ValkeyProcess
from tests.unit.resilience.hands import Hands, config

PATIENCE = 60
"""Seconds for a worker to start, to do its task, and to stop, however busy the machine is."""


@pytest.fixture
def runs() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def policy(hands: Hands) -> Policy:
    """A circuit that opens at the first failure, until its clock is turned on by a fifth of a second."""
    breaker = config(failure_threshold=1, recovery_timeout=0.2)
    retry = RetryConfig(attempts=3, base=0.01, cap=0.02)
    service = ServiceConfig(name="email", breaker=breaker, retry=retry, deadline=PATIENCE)
    return Registry({"email": service}, None, clock=hands).policy("email")


@pytest.fixture
def app(valkey: ValkeyProcess) -> Iterator[Celery]:
    app = Celery("test", broker=valkey.url, backend="cache+memory://", set_as_current=False)
    app.conf.update(task_acks_late=True, worker_hijack_root_logger=False, broker_connection_retry_on_startup=False)
    yield app
    app.close()


def work(app: Celery, task: Any) -> Any:
    """Run one task in a real worker and return its result."""
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=PATIENCE):
        return task.delay().get(timeout=PATIENCE)


def test_a_task_whose_circuit_is_open_waits_for_it_without_spending_an_attempt(
    app: Celery, policy: Policy, hands: Hands, runs: list[tuple[str, int]]
) -> None:
    policy.breaker.circuit.trip("an exercise")

    @app.task(base=ResilientTask, shared=False, bind=True, name="send", max_retries=0)
    def send(self: Any) -> str:
        try:
            answer: str = policy.call(lambda: "sent")
        except CircuitOpen:
            runs.append(("refused", self.request.retries))
            hands.go_on(0.3)
            raise
        runs.append((answer, self.request.retries))
        return answer

    assert work(app, send) == "sent"
    assert runs == [("refused", 0), ("sent", 0)]


def test_a_failed_attempt_is_repeated_by_a_new_task_and_spent(
    app: Celery, policy: Policy, runs: list[tuple[str, int]]
) -> None:
    policy.breaker.circuit.reconfigure(config(failure_threshold=100))
    failures = iter([ConnectionError(), ConnectionError()])

    def service() -> str:
        for error in failures:
            raise error
        return "sent"

    @app.task(base=ResilientTask, shared=False, bind=True, name="send", max_retries=2)
    def send(self: Any) -> str:
        runs.append(("run", self.request.retries))
        return policy.call(service)

    assert work(app, send) == "sent"
    assert runs == [("run", 0), ("run", 1), ("run", 2)]


def test_a_task_that_spent_its_attempts_fails_with_a_readable_error(app: Celery, policy: Policy) -> None:
    policy.breaker.circuit.reconfigure(config(failure_threshold=100))

    def service() -> str:
        raise ConnectionError("refused")

    @app.task(base=ResilientTask, shared=False, name="send", max_retries=1)
    def send() -> str:
        return policy.call(service)

    with pytest.raises(Exception, match="The service 'email' failed"):
        work(app, send)


def test_called_directly_the_task_raises() -> None:
    app = Celery("test", set_as_current=False)

    @app.task(base=ResilientTask, shared=False, name="send")
    def send() -> str:
        raise RateLimited("wait", service="email", retry_after=1.0)

    with pytest.raises(RateLimited):
        send()
