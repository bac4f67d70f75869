"""Where one circuit stands, as one process sees it: machine, counts, and what holds the gate shut.

Not thread-safe and without a clock: `Circuit` holds the lock, reads the time and talks to the store.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from apps.resilience.config import CircuitBreakerConfig, Mode, Outcome, State
from apps.resilience.gate import UNCOUNTED, Gate, Permit, gate_for
from apps.resilience.ledger import Ledger
from apps.resilience.link import Snapshot
from apps.resilience.machine import Machine, Transition

DENIED_FOR = 0.1
"""A refused probe is not asked for again for about this long."""
HELD_FOR = 1.0
"""How long a process that has seen enough failures itself waits for the cluster's word."""


class Standing:
    """Everything that changes with a call, a moment or a message.

    `shared` tells each method whether the store rules at present. If it does, the machine follows it and changes
    no state by itself; if it doesn't, the machine rules, starting from what the store said last.
    """

    def __init__(self, config: CircuitBreakerConfig, *, chance: Callable[[], float], linked: bool) -> None:
        self.config = config
        self.chance = chance
        self.linked = linked
        self.machine = Machine(config, chance=chance)
        self.ledger = Ledger(reach=config.failure_window)
        self.snapshot: Snapshot | None = None
        self.paused_until = 0.0
        self.held_until = 0.0
        self.denied_until = 0.0

    def gate(self) -> Gate:
        """What the hot path should read from now on."""
        held, denied = self.held_until, self.denied_until
        return gate_for(self.config, self.machine, held_until=held, denied_until=denied)

    def drain(self, now: float) -> bool:
        """Book what the tickers counted; the successes belong to the state in which they are found."""
        succeeded = self.ledger.drain(now)
        if succeeded and self.machine.state is State.CLOSED:
            self._count(now, succeeded=succeeded)
        return bool(succeeded)

    def decide(self, now: float, made: list[Transition], *, shared: bool) -> Permit | float | None:
        """A permit, or the seconds until it is worth asking again, or None: the store must say."""
        if self.config.mode is Mode.DISABLED:
            return Permit(UNCOUNTED, now)
        if self.config.mode is Mode.FORCED_OPEN:
            return float("inf")
        return self._follow_the_store(now) if shared else self._decide_alone(now, made)

    def _decide_alone(self, now: float, made: list[Transition]) -> Permit | float:
        machine = self.machine
        made += machine.advance(now)
        if machine.state is State.CLOSED:
            return Permit(machine.generation, now)
        lease = uuid4().hex
        if machine.lease_probe(lease, now):
            return Permit(machine.generation, now, lease)
        return machine.until - now if machine.state is State.OPEN else DENIED_FOR

    def _follow_the_store(self, now: float) -> Permit | float | None:
        shut_until = self.shut_until
        if now < shut_until:
            return shut_until - now
        if self.machine.state is not State.CLOSED:
            return None
        self.held_until = 0.0
        return Permit(self.machine.generation, now)

    @property
    def shut_until(self) -> float:
        """Until when no call goes out, for whichever reason."""
        opened = self.machine.until if self.machine.state is State.OPEN else 0.0
        return max(self.held_until, self.denied_until, opened)

    def granted(self, lease: str, generation: int, now: float) -> Permit:
        """The store gave a probe's place."""
        if generation == self.machine.generation:
            self.machine.probes[lease] = now + self.config.probe_lease
        return Permit(generation, now, lease, remote=True)

    def denied(self, now: float) -> float:
        """The store gave no place, or no answer; seconds until it is worth asking again."""
        self.denied_until = now + DENIED_FOR * (0.75 + 0.5 * self.chance())
        return self.shut_until - now

    def settle(self, permit: Permit, outcome: Outcome, now: float, *, slow: bool, shared: bool) -> list[Transition]:
        """Let a call's outcome count, if its permit still belongs to this generation."""
        self.ledger.book(outcome, now, slow=slow)
        machine = self.machine
        if permit.lease is not None:
            if permit.remote and shared:
                machine.probes.pop(permit.lease, None)
                self.ledger.owe_probe(permit.lease, permit.generation, outcome)
                return []
            return machine.settle_probe(permit.lease, outcome, now)
        if permit.generation != machine.generation or machine.state is not State.CLOSED:
            return []
        succeeded, failed = int(outcome is Outcome.SUCCESS), int(outcome is Outcome.FAILURE)
        self._count(now, succeeded=succeeded, failed=failed, slow=int(slow and bool(succeeded)))
        if not shared:
            return machine.judge(now)
        if failed and self.config.quorum == 1 and machine.complaint(now) == "failure threshold":
            # The cluster has seen at least as much; until its word is here, hold.
            self.held_until = now + HELD_FOR
        return []

    def adopt(self, snapshot: Snapshot, now: float) -> None:
        """Take over what the cluster knows; an older generation than ours is noted, not followed."""
        machine = self.machine
        self.snapshot = snapshot
        if snapshot.pause:
            self.paused_until = max(self.paused_until, now + snapshot.pause)
        if snapshot.generation >= machine.generation:
            if (snapshot.generation, snapshot.state) != (machine.generation, machine.state):
                machine.follow(snapshot.state, snapshot.generation, now)
                self.ledger.disown()
                self.denied_until = 0.0
            machine.until = now + snapshot.remaining
            machine.reopenings = snapshot.reopenings
        if not self.ledger.owes_failures:
            self.held_until = 0.0

    def detach(self, now: float) -> list[Transition]:
        """The store is away: judge by the own window, from the state that it left."""
        self.held_until = self.denied_until = 0.0
        return [*self.machine.advance(now), *self.machine.judge(now)]

    def reset(self, now: float, cause: str) -> list[Transition]:
        """Close and forget."""
        self._forget()
        return self.machine.reset(now, cause)

    def trip(self, now: float, cause: str) -> list[Transition]:
        """Open, for the usual time."""
        self._forget()
        return self.machine.trip(now, cause)

    def reconfigure(self, config: CircuitBreakerConfig) -> None:
        """Go on with other numbers or another mode."""
        self.config = config
        self.ledger.reach = config.failure_window
        self.machine.reconfigure(config)

    def pause(self, until: float) -> None:
        """The service asked not to be called before `until`."""
        self.paused_until = max(self.paused_until, until)
        self.ledger.pause(self.paused_until)

    def _count(self, now: float, *, succeeded: int = 0, failed: int = 0, slow: int = 0) -> None:
        self.machine.count(now, succeeded=succeeded, failed=failed, slow=slow)
        if self.linked and (succeeded or failed):
            self.ledger.owe(now, succeeded=succeeded, failed=failed, slow=slow)

    def _forget(self) -> None:
        self.held_until = self.denied_until = 0.0
        self.ledger.disown()
