"""Reads: circuits as they are now, and as they were."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, models

from apps.core import clock
from apps.core.access import Access, Capability
from apps.resilience.breaker import Breaker
from apps.resilience.config import Mode, State
from apps.resilience.defaults import registry
from apps.resilience.errors import UnknownService
from apps.resilience.hub import Overrides
from apps.resilience.ledger import Totals
from apps.resilience.metrics import WEBHOOK_PREFIX, shown_state
from apps.resilience.models import CircuitTransition, ServicePolicy
from apps.resilience.overrides import NUMBERS
from apps.resilience.sparkline import Bar, bars_of
from apps.resilience.store import StoreAwayError

HEALTH = {State.CLOSED: 100, State.HALF_OPEN: 50, State.OPEN: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitView:
    """One circuit for a page or an answer. `shared` says whether the numbers are the cluster's."""

    name: str
    state: State
    mode: Mode
    failure_count: int
    failure_threshold: int
    failure_rate: float | None
    volume_threshold: int
    window: float
    window_requests: int
    success_count: int
    success_threshold: int
    opened_at: datetime | None
    next_attempt_at: datetime | None
    last_failure_time: datetime | None
    last_success_time: datetime | None
    last_error: str
    total_requests: int
    rejected: int
    retry_budget_left: float | None
    generation: int
    shared: bool

    @property
    def health_percentage(self) -> int:
        """Closed 100, half-open 50, open 0."""
        return HEALTH[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The circuits as a whole; webhook endpoints count as one, `webhooks`."""

    status: str
    timestamp: datetime
    total_circuits: int
    circuits_by_state: dict[str, int]
    open_circuits: list[str]
    shared: bool


def list_circuits(access: Access | None, *, fresh: bool = True) -> dict[str, CircuitView]:
    """Every circuit that the caller may see, by name; None sees all. `fresh` asks the store first."""
    if fresh:
        registry().refresh()
    seen = {name: view_of(name, breaker) for name, breaker in sorted(registry().all().items())}
    return {name: view for name, view in seen.items() if _may_see(access, name)}


def find_circuit(access: Access | None, name: str) -> CircuitView:
    """One circuit; another organization's endpoint is as unknown as one that does not exist."""
    registry().refresh()  # first: whose an endpoint is, another process may know
    if not _may_see(access, name):
        raise UnknownService(f"No circuit is called {name!r}.")
    return view_of(name, registry().get(name))


def health_of_all() -> Health:
    """Healthy; degraded with any circuit open; critical with more than half of them open."""
    fresh = registry().refresh()
    states: dict[str, State] = {}
    for name, breaker in registry().all().items():
        label = "webhooks" if name.startswith(WEBHOOK_PREFIX) else name
        states[label] = min(states.get(label, State.CLOSED), shown_state(breaker.circuit), key=HEALTH.__getitem__)
    opened = sorted(name for name, state in states.items() if state is State.OPEN)
    counted = Counter(str(state) for state in states.values())
    status = "healthy"
    if opened:
        status = "critical" if 2 * len(opened) > len(states) else "degraded"
    return Health(
        status=status,
        timestamp=clock.now(),
        total_circuits=len(states),
        circuits_by_state={str(state): counted[str(state)] for state in State},
        open_circuits=opened,
        shared=fresh,
    )


def history_of(access: Access | None, name: str) -> models.QuerySet[CircuitTransition]:
    """The changes of one circuit, newest first."""
    rows = CircuitTransition.objects.filter(circuit_name=name)
    if name.startswith(WEBHOOK_PREFIX):
        registry().refresh()
    if not _may_see(access, name):
        raise UnknownService(f"No circuit is called {name!r}.")
    if not rows.exists():
        registry().get(name)  # a circuit without history, or none at all
    return rows


def drawing_of(name: str) -> list[Bar]:
    """The circuit's last minute, as bars; empty while the store is away."""
    hub, circuit = registry().hub, registry().get(name).circuit
    if hub is None or not circuit.shared:
        return []
    try:
        (counts,) = hub.store.windows([name])
    except StoreAwayError:
        return []
    return bars_of(counts, circuit.config)


def view_of(name: str, breaker: Breaker) -> CircuitView:
    """A circuit as this process knows it: the cluster's numbers where it is in step, else its own."""
    circuit, now = breaker.circuit, clock.now()
    config, snapshot, counts = circuit.config, circuit.standing.snapshot, circuit.window_counts()
    shared = circuit.shared and snapshot is not None
    totals: Totals = snapshot.totals if shared and snapshot else circuit.totals()
    state, remaining = shown_state(circuit), circuit.open_remaining()
    own_failure, own_success = circuit.ledger.ages(circuit.clock())
    last_failure = snapshot.last_failure_at if shared and snapshot else None
    last_success = snapshot.last_success_at if shared and snapshot else None
    budgets = {policy.name: policy.budget.tokens for policy in registry().policies()}
    opened_at = snapshot.opened_at if shared and snapshot and state is not State.CLOSED else None
    return CircuitView(
        name=name,
        state=state,
        mode=config.mode,
        failure_count=counts.failed,
        failure_threshold=config.failure_threshold,
        failure_rate=config.failure_rate,
        volume_threshold=config.volume_threshold,
        window=config.failure_window,
        window_requests=counts.total,
        success_count=snapshot.probe_successes if shared and snapshot else circuit.standing.machine.probe_successes,
        success_threshold=config.success_threshold,
        opened_at=_moment(opened_at),
        next_attempt_at=now + timedelta(seconds=remaining) if state is State.OPEN and remaining else None,
        last_failure_time=_moment(last_failure) or _ago(now, own_failure),
        last_success_time=_moment(last_success) or _ago(now, own_success),
        last_error=snapshot.last_error if shared and snapshot else circuit.ledger.last_error,
        total_requests=totals.requests,
        rejected=totals.rejected,
        retry_budget_left=budgets.get(name),
        generation=circuit.standing.machine.generation,
        shared=shared,
    )


def overrides_in_force() -> Overrides:
    """Operators' overrides as the store carries them. Nothing while the database is away."""
    try:
        rows = list(ServicePolicy.all_objects.order_by("updated_at"))
    except DatabaseError:
        return {}
    return {row.service: override_of(row) for row in rows}


def override_of(row: ServicePolicy) -> dict[str, object]:
    """One row; a deleted one carries nothing but its stamp. Stamps grow with every write."""
    moment = row.deleted_at or row.updated_at
    stamp = round(moment.timestamp() * 1000)
    if row.deleted_at is not None:
        return {"stamp": stamp}
    return {"stamp": stamp, "mode": str(row.mode), **{name: getattr(row, name) for name in NUMBERS}}


def _may_see(access: Access | None, name: str) -> bool:
    if access is None or not name.startswith(WEBHOOK_PREFIX) or access.allows(Capability.OPERATE):
        return True
    owner = registry().owner_of(name)
    return owner is not None and owner == access.organization_id


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None


def _ago(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now - timedelta(seconds=seconds)
