"""Circuits that change tell the platform, once."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from apps.core import clock
from apps.core.outbox.models import OutboxMessage
from apps.resilience.config import State
from apps.resilience.events import CircuitEvent
from apps.resilience.history import record_transition
from apps.resilience.models import CircuitTransition

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_the_catalogue(settings: Settings) -> None:
    settings.OUTBOX_CHECKED = True


def transition(target: State, *, name: str = "email", scope: str = "cluster", source: State = State.CLOSED) -> None:
    event = CircuitEvent(
        circuit_name=name,
        source=source,
        target=target,
        generation=3,
        cause="5 failures within 60 s",
        failure_count=5,
        last_error="ConnectionError: olivia@podium.example",
        scope=scope,  # type: ignore[arg-type]
        at=clock.now(),
        correlation_id="the-story",
    )
    record_transition(event=event)


def told() -> list[str]:
    return list(OutboxMessage.objects.order_by("id").values_list("type", flat=True))


def test_each_transition_of_the_cluster_is_an_event_of_the_platform() -> None:
    transition(State.OPEN)
    transition(State.HALF_OPEN, source=State.OPEN)
    transition(State.CLOSED, source=State.HALF_OPEN)

    assert told() == ["circuit.opened", "circuit.half_opened", "circuit.closed"]
    first = OutboxMessage.objects.order_by("id")[0]
    assert (first.subject, first.organization_id, first.correlation_id) == ("circuit/email", None, "the-story")
    assert first.data == {
        "circuit": "email",
        "state": "open",
        "previous_state": "closed",
        "failure_count": 5,
        "cause": "5 failures within 60 s",
        "scope": "cluster",
    }


def test_what_several_processes_see_alone_is_told_once() -> None:
    for _ in range(3):
        transition(State.OPEN, scope="process")
    for _ in range(3):
        transition(State.CLOSED, scope="process", source=State.HALF_OPEN)
    transition(State.OPEN, scope="process")

    assert told() == ["circuit.opened", "circuit.closed", "circuit.opened"]
    assert CircuitTransition.objects.count() == 7


def test_a_webhook_endpoints_circuit_is_its_organizations_business() -> None:
    transition(State.OPEN, name="webhook:0198c1d2")

    assert told() == []
