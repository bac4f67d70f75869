"""A circuit's change of state, as an event of the platform."""

from __future__ import annotations

from django.db import connection
from django.db.models import F

from apps.core.outbox.catalogue import EventType, one_of, text, whole
from apps.core.outbox.models import OutboxMessage
from apps.core.outbox.services import emit
from apps.resilience.config import State
from apps.resilience.events import CircuitEvent
from apps.resilience.metrics import WEBHOOK_PREFIX

NAMES = {State.OPEN: "circuit.opened", State.HALF_OPEN: "circuit.half_opened", State.CLOSED: "circuit.closed"}
MEANINGS = {
    State.OPEN: "Calls to a service fail so often that they are refused for a while.",
    State.HALF_OPEN: "A few probes find out whether a service is back.",
    State.CLOSED: "A service is called again as usual.",
}


def circuit_events() -> list[EventType]:
    """One type for each state that a circuit can come to."""
    states = [str(state) for state in State]
    data = {
        "circuit": text("The service.", "email"),
        "state": one_of("The state now.", states),
        "previous_state": one_of("The state before.", states),
        "failure_count": whole("Failures in the window.", 5),
        "cause": text("Why.", "5 failures within 60 s"),
        "scope": one_of("Whether all processes share it, or one saw it alone.", ["cluster", "process"]),
    }
    return [
        EventType(
            name=NAMES[state],
            app="messaging",
            meaning=meaning,
            subject="circuit/{circuit}",
            data=data,
            of_platform=True,
            shape="CircuitData",
        )
        for state, meaning in MEANINGS.items()
    ]


def tell_of_circuit(event: CircuitEvent) -> None:
    """Tell a transition once, whoever saw it.

    The store hands a transition of the cluster to one process. Circuits of single processes (while the store is away)
    change one by one: told is what differs from the last that was told. The circuits of webhook endpoints are their
    organizations' business.
    """
    if event.circuit_name.startswith(WEBHOOK_PREFIX):
        return
    subject = f"circuit/{event.circuit_name}"
    if event.scope == "process" and _last_told(subject) == NAMES[event.target]:
        return
    emit(
        type=NAMES[event.target],
        subject=subject,
        organization_id=None,
        data={
            "circuit": event.circuit_name,
            "state": str(event.target),
            "previous_state": str(event.source),
            "failure_count": event.failure_count,
            "cause": event.cause,
            "scope": event.scope,
        },
    )


def _last_told(subject: str) -> str | None:
    """The type of the subject's last message; whoever asks at the same time waits for this transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])
    # this transaction's own messages have no sequence yet: they sort first, the last of them by its id
    told = OutboxMessage.objects.filter(subject=subject).order_by(F("sequence").desc(nulls_first=True), "-id")
    return told.values_list("type", flat=True).first()
