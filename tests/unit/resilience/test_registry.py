"""The registry: services from settings, endpoints that come and go, operators' overrides."""

from __future__ import annotations

from typing import Any

import pytest
from circuitbreaker import CircuitBreakerMonitor

from apps.resilience.config import InvalidConfig, Mode
from apps.resilience.defaults import build, read_service
from apps.resilience.errors import CircuitOpen, UnknownService
from apps.resilience.registry import ENDPOINT_IDLE, MOST_ENDPOINTS, Registry
from config.settings.resilience import RESILIENCE
from tests.unit.resilience.hands import Hands


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def registry(hands: Hands) -> Registry:
    services = {name: read_service(name, numbers) for name, numbers in RESILIENCE["SERVICES"].items()}  # type: ignore[attr-defined]
    return Registry(services, None, clock=hands)


TABLE = {
    # service: (failures, volume, open for, attempts, base, cap, deadline)
    "email": (5, 10, 60, 3, 1, 10, 10),
    "email_second": (5, 10, 60, 3, 1, 10, 10),
    "sms": (5, 10, 60, 3, 1, 10, 10),
    "storage": (5, 10, 60, 5, 2, 60, 120),
    "ai": (5, 1, 60, 3, 2, 60, 90),
    "jira_api": (5, 1, 30, 3, 1, 10, 15),
    "confluence_api": (5, 1, 30, 3, 1, 10, 15),
    "database": (5, 10, 30, 3, 0.5, 5, 5),
    "cache": (5, 10, 30, 1, 1, 10, 1),
    "event_stream": (5, 10, 30, 1, 1, 10, 5),
    "virus_scan": (5, 10, 30, 1, 1, 10, 30),
    "webhook": (5, 1, 60, 1, 1, 10, 20),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_settings_are_the_table_of_the_specification(name: str) -> None:
    service = read_service(name, RESILIENCE["SERVICES"][name])  # type: ignore[index]
    breaker, retry = service.breaker, service.retry
    numbers = (breaker.failure_threshold, breaker.volume_threshold, breaker.recovery_timeout)
    assert (*numbers, retry.attempts, retry.base, retry.cap, service.deadline) == TABLE[name]
    assert breaker.probe_lease >= service.deadline
    assert service.shared is (name != "cache")


def test_no_service_is_missing_from_the_table() -> None:
    assert set(RESILIENCE["SERVICES"]) == set(TABLE)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "numbers",
    [
        {"breaker": {"failure_threshold": 0}, "retry": {}, "deadline": 1},
        {"breaker": {"unknown": 1}, "retry": {}, "deadline": 1},
        {"breaker": {}, "retry": {"attempts": 0}, "deadline": 1},
        {"breaker": {}, "retry": {}, "deadline": 1, "unknown": 1},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_name(numbers: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig, match="service 'email'"):
        read_service("email", numbers)


def test_without_a_store_every_process_is_alone() -> None:
    alone = build({**RESILIENCE, "STORE_URL": ""})
    assert alone.hub is None
    assert alone.refresh() is False
    assert sorted(alone.all()) == sorted(set(TABLE) - {"webhook"})


def test_a_policy_is_made_once(registry: Registry) -> None:
    assert registry.policy("email") is registry.policy("email")
    assert registry.get("email") is registry.policy("email").breaker
    assert CircuitBreakerMonitor.get("email") is registry.get("email")


def test_an_unknown_service_is_a_404(registry: Registry) -> None:
    for find in (registry.policy, registry.get):
        with pytest.raises(UnknownService):
            find("nowhere")


def test_any_other_name_makes_a_circuit_of_its_own(registry: Registry) -> None:
    breaker = registry.breaker("parser")
    assert registry.breaker("parser") is breaker
    assert registry.get("parser") is breaker
    assert "parser" in registry.all()


def test_each_endpoint_has_a_circuit_of_its_own(registry: Registry) -> None:
    one, two = registry.endpoint("1"), registry.endpoint("2")
    one.breaker.circuit.trip()
    with pytest.raises(CircuitOpen):
        one.call(lambda: "done")
    assert two.call(lambda: "done") == "done"
    assert registry.endpoint("1") is one


def test_endpoints_are_bounded_and_the_least_used_goes_first(registry: Registry) -> None:
    for number in range(MOST_ENDPOINTS):
        registry.endpoint(str(number))
    registry.endpoint("0")
    registry.endpoint("one more")
    names = set(registry.all())
    assert len([name for name in names if name.startswith("webhook:")]) == MOST_ENDPOINTS
    assert "webhook:0" in names
    assert "webhook:1" not in names
    assert CircuitBreakerMonitor.get("webhook:1") is None


def test_an_endpoint_that_nobody_calls_is_forgotten(registry: Registry, hands: Hands) -> None:
    registry.endpoint("quiet")
    hands.go_on(ENDPOINT_IDLE)
    registry.endpoint("busy")
    with pytest.raises(UnknownService):
        registry.get("webhook:quiet")


def test_an_override_changes_mode_and_numbers_and_its_end_brings_the_settings_back(registry: Registry) -> None:
    email = registry.get("email").circuit
    registry.apply_overrides({"email": {"stamp": 1, "mode": "forced_open", "failure_threshold": 2}})
    assert (email.config.mode, email.config.failure_threshold) == (Mode.FORCED_OPEN, 2)
    with pytest.raises(CircuitOpen):
        registry.policy("email").call(lambda: "done")
    registry.apply_overrides({"email": {"stamp": 2}})
    assert (email.config.mode, email.config.failure_threshold) == (Mode.ENFORCE, 5)
    assert registry.policy("email").call(lambda: "done") == "done"


def test_an_override_for_all_endpoints_holds_for_new_ones_too(registry: Registry) -> None:
    old = registry.endpoint("old")
    registry.apply_overrides({"webhook": {"stamp": 1, "mode": "monitor"}})
    new = registry.endpoint("new")
    assert [each.breaker.circuit.config.mode for each in (old, new)] == [Mode.MONITOR, Mode.MONITOR]


def test_an_override_that_cannot_work_is_ignored(registry: Registry) -> None:
    registry.apply_overrides({"email": {"stamp": 1, "failure_threshold": 0}})
    assert registry.get("email").circuit.config.failure_threshold == 5
