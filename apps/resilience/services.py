"""Operators' actions: audited, and in force in every process within a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.correlation.context import current_correlation_id
from apps.core.errors import FieldError, Invalid
from apps.core.softdelete.hooks import Affected
from apps.resilience.config import InvalidConfig, Mode, State
from apps.resilience.defaults import registry
from apps.resilience.metrics import shown_state
from apps.resilience.models import CircuitTransition, ServicePolicy
from apps.resilience.overrides import NUMBERS, overridden
from apps.resilience.selectors import override_of


def set_policy(*, service: str, reason: str, actor_id: UUID | None, **changes: Any) -> ServicePolicy:
    """Override mode or numbers of a circuit.

    Args:
        changes: fields of `ServicePolicy`; what is not named stays as it is.

    Raises:
        UnknownService: no such circuit.
        Invalid: the reason is empty, or the numbers together can't work.
    """
    require_reason(reason)
    registry().get(service)
    with transaction.atomic():
        row = ServicePolicy.objects.select_for_update(of=("self",)).filter(service=service).first()
        row = row or ServicePolicy(service=service)
        for name, value in changes.items():
            setattr(row, name, value)
        row.reason = reason
        check_numbers(row)
        row.save()
        target = State.OPEN if row.mode == Mode.FORCED_OPEN else None
        record_action(name=service, action=f"mode: {row.mode}"[:20], cause=reason, actor_id=actor_id, target=target)
        publish_on_commit(row)
    return row


def force_open(*, service: str, reason: str, actor_id: UUID | None) -> ServicePolicy:
    """Refuse every call until somebody resets the circuit."""
    return set_policy(service=service, reason=reason, actor_id=actor_id, mode=Mode.FORCED_OPEN)


def reset_circuit(*, service: str, reason: str, actor_id: UUID | None) -> None:
    """Close a circuit everywhere and forget its failures; takes a forced opening back.

    Raises:
        UnknownService: no such circuit.
        Invalid: restoring to closed needs a reason.
    """
    require_reason(reason)
    circuit = registry().get(service).circuit
    with transaction.atomic():
        row = ServicePolicy.objects.select_for_update(of=("self",)).filter(service=service).first()
        if row is not None and row.mode == Mode.FORCED_OPEN:
            row.mode, row.reason = Mode.ENFORCE, reason
            row.save()
            publish_on_commit(row)
        record_action(name=service, action="reset", cause=reason, actor_id=actor_id, target=State.CLOSED)
    circuit.reset(f"reset: {reason}")


def fall_back_to_settings(affected: Affected) -> None:
    """Hook `rows_deleted`: a deleted policy leaves its service with the settings, in every process."""
    if affected.root_model.lower() == ServicePolicy._meta.label_lower:
        _publish_again(affected.root_ids, "policy deleted", affected.actor_id)


def bring_back(affected: Affected) -> Callable[[], None] | None:
    """Hook `rows_restoring`: a restored policy is in force again."""
    if affected.root_model.lower() != ServicePolicy._meta.label_lower:
        return None
    return lambda: _publish_again(affected.root_ids, "policy restored", affected.actor_id)


def _publish_again(ids: Sequence[UUID], cause: str, actor_id: UUID | None) -> None:
    for row in ServicePolicy.all_objects.filter(pk__in=ids):
        record_action(name=row.service, action="policy", cause=cause, actor_id=actor_id)
        publish_on_commit(row)


def publish_on_commit(row: ServicePolicy) -> None:
    """Tell every process once the row is committed; a process that misses it looks again twice a second."""
    override = override_of(row)
    transaction.on_commit(lambda: registry().put_overrides({row.service: override}))


def record_action(
    *, name: str, action: str, cause: str, actor_id: UUID | None, target: State | None = None
) -> CircuitTransition:
    """Write an operator's action into the circuit's history; `target` is the state that it leads to, if it does."""
    circuit = registry().get(name).circuit
    state = str(shown_state(circuit))
    return CircuitTransition.objects.create(
        circuit_name=name,
        source=state,
        target=str(target or state),
        generation=circuit.standing.machine.generation,
        cause=cause,
        failure_count=circuit.window_counts().failed,
        scope="operator",
        action=action,
        actor_id=actor_id,
        correlation_id=current_correlation_id(),
    )


def check_numbers(row: ServicePolicy) -> None:
    """Refuse numbers that can't work together before any process sees them."""
    if row.service == "database" and row.mode == Mode.FORCED_OPEN:
        detail = "Without the database nobody could sign in and take it back."
        raise Invalid(detail, errors=[FieldError("#/mode", "NOT_POSSIBLE", detail)])
    numbers = {name: getattr(row, name) for name in NUMBERS}
    try:
        overridden(registry().get(row.service).circuit.config, {"mode": str(row.mode), **numbers})
    except InvalidConfig as error:
        raise Invalid(str(error), errors=[FieldError("#", "INVALID", str(error))]) from error


def require_reason(reason: str) -> None:
    """Nobody changes a breaker without saying why."""
    if not reason.strip():
        detail = "Say why; it is kept in the circuit's history."
        raise Invalid(detail, errors=[FieldError("#/reason", "REQUIRED", detail)])
