"""One circuit in one process: the lock, the gate, and the way to the store.

Hot path: `gate` is one tuple, read once per call; a success advances a ticker. Nothing there takes a lock or
talks to the store. What changes the gate happens under the lock, which is never held during a call.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from math import inf
from uuid import uuid4

from circuitbreaker import CircuitBreaker

from apps.resilience.config import CircuitBreakerConfig, Mode, Outcome, State
from apps.resilience.errors import CircuitOpen
from apps.resilience.events import tell
from apps.resilience.forking import renew_after_fork
from apps.resilience.gate import COLD, SHADOW, UNCOUNTED, Gate, Permit
from apps.resilience.ledger import Ledger, Report, Totals
from apps.resilience.link import Link, Request, Snapshot
from apps.resilience.machine import Transition
from apps.resilience.outcomes import describe, keepsake
from apps.resilience.standing import DENIED_FOR, Standing
from apps.resilience.window import Counts


class Circuit:
    """State of one circuit as this process acts on it."""

    def __init__(
        self,
        name: str,
        config: CircuitBreakerConfig,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        link: Link | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.link = link
        self.standing = Standing(config, chance=chance, linked=link is not None)
        self.gate = COLD if link is not None else self.standing.gate()
        self.roll_at = 0.0
        self.last_used = clock()
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._joined = False
        self.owner: CircuitBreaker | None = None
        renew_after_fork(self)

    @property
    def config(self) -> CircuitBreakerConfig:
        """The numbers in force."""
        return self.standing.config

    @property
    def ledger(self) -> Ledger:
        """What this process has counted."""
        return self.standing.ledger

    @property
    def shared(self) -> bool:
        """Whether the store rules at present."""
        return self.link is not None and self.link.available

    @property
    def may_block(self) -> bool:
        """Whether `admit` might ask the store now: a coroutine then does it in a thread."""
        gate = self.gate
        return self.link is not None and gate.refuses and self.clock() >= gate.until

    # A call

    def admit(self) -> Permit:
        """Leave to call, or `CircuitOpen`. May ask the store for a probe's place, within its time limit."""
        gate, now = self.gate, self.clock()
        if not gate.refuses:
            return Permit(gate.generation, now)
        if now < gate.until:
            raise self.refusal(gate.until - now)
        self.join()
        made: list[Transition] = []
        with self._lock:
            self._drain(now)
            verdict = self.standing.decide(now, made, shared=self.shared)
            self.gate = self.standing.gate()
        self._announce(made)
        if verdict is None:
            verdict = self._ask(now)
        if isinstance(verdict, Permit):
            return verdict
        if self.config.mode is Mode.MONITOR:
            return Permit(SHADOW, now)
        raise self.refusal(verdict)

    def refusal(self, seconds: float) -> CircuitOpen:
        """Count a refusal and make its error; a fresh one each time, since a shared one would collect tracebacks."""
        ledger, name = self.ledger, self.name
        ledger.rejections.advance()
        return CircuitOpen(
            f"The circuit '{name}' is open; the service was not called.",
            service=name,
            retry_after=None if seconds == inf else seconds,
            cause=ledger.last_error,
            breaker=self.owner,
        )

    def settle(self, permit: Permit, outcome: Outcome, error: BaseException | None = None) -> None:
        """Give the permit back with what the call showed; once for each permit, whatever happened."""
        if permit.generation == UNCOUNTED:
            return
        now, config, shared = self.clock(), self.config, self.shared
        slow = config.slow_call_duration is not None and now - permit.started >= config.slow_call_duration
        if slow and (config.slow_is_failure or permit.lease is not None):
            outcome = Outcome.FAILURE
        with self._lock:
            self._drain(now)
            self.last_used = now
            if outcome is Outcome.FAILURE:
                blame = error or TimeoutError(f"took {now - permit.started:.1f} s")
                self.ledger.last_error, self.ledger.last_failure = describe(blame), keepsake(blame)
            made = self.standing.settle(permit, outcome, now, slow=slow, shared=shared)
            self.gate = self.standing.gate()
        if self.link is not None and (permit.lease is not None or outcome is Outcome.FAILURE or slow):
            self.link.wake(self)
        self._announce(made)

    def succeed(self, permit: Permit) -> None:
        """Settle a success; one that went through an open gate costs no lock."""
        gate = self.gate
        if gate.passes and permit.generation == gate.generation:
            self.ledger.successes.advance()
            if self.clock() >= self.roll_at:
                self.roll()
        else:
            self.settle(permit, Outcome.SUCCESS)

    def settle_passed(self, gate: Gate, outcome: Outcome, error: BaseException) -> None:
        """Settle a call that raised on the hot path, where a gate stood for the permit."""
        self.settle(Permit(gate.generation, self.clock()), outcome, error)

    def roll(self) -> None:
        """Book the successes of the bucket that has just ended."""
        with self._lock:
            self._drain(self.clock())

    # An operator, the configuration, the service itself

    def reset(self, cause: str = "reset") -> None:
        """Close and forget, here and, where there is a store, everywhere."""
        if self.link is None or not self.link.command(self, "reset", cause):
            self._change(lambda now: self.standing.reset(now, cause))
        self.ledger.last_failure = None

    def trip(self, cause: str = "tripped") -> None:
        """Open now, for the usual time, here and, where there is a store, everywhere."""
        if self.link is None or not self.link.command(self, "trip", cause):
            self._change(lambda now: self.standing.trip(now, cause))

    def reconfigure(self, config: CircuitBreakerConfig) -> None:
        """Go on with other numbers or another mode."""
        with self._lock:
            self._drain(self.clock())
            self.standing.reconfigure(config)
            if self._joined or self.link is None:
                self.gate = self.standing.gate()

    def pause(self, seconds: float) -> None:
        """The service said when to come back (429): nobody calls it before that, and it is no failure."""
        with self._lock:
            self.standing.pause(self.clock() + seconds)
        if self.link is not None:
            self.link.wake(self)

    def join(self) -> None:
        """Get in step with the cluster, if that has not happened in this process yet."""
        if not self._joined and self.link is not None:
            self._joined = True
            self.link.join(self)

    # What can be read, without changing anything

    def totals(self) -> Totals:
        """What this process has counted since it began."""
        with self._lock:
            self._drain(self.clock())
            return self.ledger.totals

    def paused_for(self) -> float:
        """Seconds for which the service asked not to be called."""
        until = self.standing.paused_until
        return max(0.0, until - self.clock()) if until else 0.0

    def window_counts(self) -> Counts:
        """Calls in the window: the cluster's while the store rules, else this process's."""
        snapshot = self.standing.snapshot
        if self.shared and snapshot is not None:
            return Counts(snapshot.window_succeeded, snapshot.window_failed, snapshot.window_slow)
        with self._lock:
            now = self.clock()
            self._drain(now)
            return self.standing.machine.window.counts(now)

    def open_remaining(self) -> float:
        """Seconds until an open circuit may be tried; 0 in the other states."""
        machine = self.standing.machine
        return max(0.0, machine.until - self.clock()) if machine.state is State.OPEN else 0.0

    # The link

    def request(self, action: str, *, lease: str = "", cause: str = "", with_report: bool = True) -> Request:
        """One step for the store: what is to be told, and what was seen last in case its key is lost."""
        now = self.clock()
        with self._lock:
            self._drain(now)
            machine = self.standing.machine
            return Request(
                name=self.name,
                action=action,
                config=self.config,
                chance=self.standing.chance(),
                generation=machine.generation,
                state=machine.state,
                remaining=self.open_remaining(),
                reopenings=machine.reopenings,
                report=self.ledger.take_report(machine.generation, now) if with_report else None,
                lease=lease,
                cause=cause,
            )

    def adopt(self, snapshot: Snapshot, *, answers: Report | None = None) -> None:
        """Follow what the cluster says."""
        now = self.clock()
        with self._lock:
            self._drain(now)
            if answers is not None:
                self.ledger.answered(answers)
            self.standing.adopt(snapshot, now)
            self.gate = self.standing.gate()

    def detach(self) -> None:
        """The store is away: go on alone."""
        self._change(self.standing.detach)

    def forked(self) -> None:
        """In a child after fork: what the parent counted is the parent's to report, its locks may be held."""
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._joined = False
        self.standing.ledger = self.ledger.inherited()
        if self.link is not None:
            self.gate = COLD

    # Inside

    def _ask(self, now: float) -> Permit | float:
        link, lease = self.link, uuid4().hex
        if link is None or not self._asking.acquire(blocking=False):
            return DENIED_FOR
        try:
            answer = link.lease(self, lease)
        finally:
            self._asking.release()
        if answer is not None:
            self.adopt(answer.snapshot)
        with self._lock:
            standing = self.standing
            if answer is not None and answer.granted:
                return standing.granted(lease, answer.snapshot.generation, now)
            if answer is not None and standing.machine.state is State.CLOSED:
                return Permit(standing.machine.generation, now)
            if answer is None:
                # The place may have been given and the answer lost: give it back with the next report.
                self.ledger.owe_probe(lease, standing.machine.generation, Outcome.IGNORED)
            wait = standing.denied(now)
            self.gate = standing.gate()
            return wait

    def _change(self, change: Callable[[float], list[Transition]]) -> None:
        now = self.clock()
        with self._lock:
            self._drain(now)
            made = change(now)
            self.gate = self.standing.gate()
        self._announce(made)

    def _drain(self, now: float) -> None:
        if self.standing.drain(now):
            self.last_used = now
        self.roll_at = now + 1.0 - now % 1.0

    def _announce(self, made: list[Transition]) -> None:
        for transition in made:
            tell(self.name, transition, last_error=self.ledger.last_error, scope="process")
