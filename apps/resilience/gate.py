"""The one tuple that the hot path reads, and how it follows from mode and state."""

from __future__ import annotations

import math
from typing import NamedTuple

from apps.resilience.config import CircuitBreakerConfig, Mode, State
from apps.resilience.machine import Machine

UNCOUNTED = -1
"""Generation of a permit whose call counts nowhere (mode disabled)."""
SHADOW = -2
"""Generation of a permit that monitor mode gave although the circuit would have refused."""


class Gate(NamedTuple):
    """`until` (monotonic seconds) is how long a refusing gate may refuse without looking again."""

    passes: bool
    refuses: bool
    until: float
    generation: int
    state: State


class Permit(NamedTuple):
    """Leave to make one call. `lease` is set for a probe; `remote` says that the store gave it."""

    generation: int
    started: float
    lease: str | None = None
    remote: bool = False


COLD = Gate(passes=False, refuses=True, until=0.0, generation=0, state=State.CLOSED)
"""Before the first call of a process (and of a child after fork): look closer, join the cluster."""


def gate_for(config: CircuitBreakerConfig, machine: Machine, *, held_until: float, denied_until: float) -> Gate:
    """The gate of a circuit. In monitor mode a refusal is always looked at, since it is only noted."""
    generation, state = machine.generation, machine.state
    if config.mode is Mode.DISABLED:
        return Gate(passes=False, refuses=False, until=0.0, generation=UNCOUNTED, state=State.CLOSED)
    if config.mode is Mode.FORCED_OPEN:
        return Gate(passes=False, refuses=True, until=math.inf, generation=generation, state=State.OPEN)
    if state is State.CLOSED and not held_until:
        timed = config.slow_call_duration is not None
        return Gate(passes=not timed, refuses=False, until=0.0, generation=generation, state=state)
    until = {State.CLOSED: held_until, State.OPEN: machine.until, State.HALF_OPEN: denied_until}[state]
    if config.mode is Mode.MONITOR:
        until = 0.0
    return Gate(passes=False, refuses=True, until=until, generation=generation, state=state)
