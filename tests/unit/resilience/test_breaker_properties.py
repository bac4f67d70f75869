"""The whole breaker against the reference model: called, awaited, and from many threads at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.resilience.breaker import Breaker
from apps.resilience.config import CircuitBreakerConfig, Outcome
from apps.resilience.errors import CircuitOpen
from apps.resilience.gate import Permit
from tests.unit.resilience.hands import Hands, config, never
from tests.unit.resilience.reference import Reference
from tests.unit.resilience.test_machine_properties import configs


class BreakerAgainstReference(RuleBasedStateMachine):
    """Calls that end at once, and calls that end later, in any order."""

    awaited = False

    @initialize(numbers=configs)
    def begin(self, numbers: CircuitBreakerConfig) -> None:
        self.hands = Hands(at=5000.0)
        self.breaker = Breaker(name="any", config=numbers, clock=self.hands, chance=never)
        self.protected = self.breaker(self.service)
        self.protected_async = self.breaker(self.service_async)
        self.reference = Reference(numbers)
        self.names = 0
        self.under_way: list[tuple[Permit, str | None, int]] = []
        self.fails = False
        self.asked = 0

    def service(self) -> str:
        if self.fails:
            raise ConnectionError
        return "done"

    async def service_async(self) -> str:
        await asyncio.sleep(0)
        return self.service()

    def call(self) -> str:
        try:
            return asyncio.run(self.protected_async()) if self.awaited else self.protected()
        except ConnectionError:
            return "failed"
        except CircuitOpen:
            return "refused"

    def admitted(self) -> tuple[bool, str | None]:
        self.reference.advance(self.hands())
        if self.reference.state == "closed":
            return True, None
        self.names += 1
        name = f"probe-{self.names}"
        return self.reference.lease(name, self.hands()), name

    def ends(self, name: str | None, generation: int, outcome: str) -> None:
        if name is not None:
            self.reference.settle(name, outcome, self.hands())
        elif generation == self.reference.generation and outcome != "ignored":
            self.reference.call(self.hands(), failed=outcome == "failure", slow=False)

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 2.5, 10.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.hands.go_on(seconds)

    @rule(fails=st.booleans(), times=st.integers(1, 5))
    def calls(self, fails: bool, times: int) -> None:
        self.fails = fails
        for _ in range(times):
            let_through, name = self.admitted()
            expected = ("failed" if fails else "done") if let_through else "refused"
            generation = self.reference.generation
            assert self.call() == expected
            self.asked += 1
            if let_through:
                self.ends(name, generation, "failure" if fails else "success")

    @rule()
    def a_long_call_begins(self) -> None:
        let_through, name = self.admitted()
        self.asked += 1
        try:
            permit = self.breaker.circuit.admit()
        except CircuitOpen:
            assert not let_through
        else:
            assert let_through
            self.under_way.append((permit, name, self.reference.generation))

    @rule(outcome=st.sampled_from(Outcome), data=st.data())
    def a_long_call_ends(self, outcome: Outcome, data: st.DataObject) -> None:
        if not self.under_way:
            return
        permit, name, generation = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        duration = self.hands() - permit.started
        if duration >= 1.0 and (self.breaker.circuit.config.slow_is_failure or name is not None):
            outcome = Outcome.FAILURE
        slow = duration >= 1.0 and outcome is Outcome.SUCCESS
        self.breaker.circuit.settle(permit, outcome, ConnectionError())
        if slow and name is None:
            if generation == self.reference.generation:
                self.reference.call(self.hands(), failed=False, slow=True)
        else:
            self.ends(name, generation, str(outcome))

    @rule()
    def an_operator_resets(self) -> None:
        self.breaker.reset()
        if self.reference.state != "closed":
            self.reference.go("closed", self.hands())
        self.reference.calls = []

    @invariant()
    def they_agree(self) -> None:
        machine = self.breaker.circuit.standing.machine
        assert (str(machine.state), machine.generation) == (self.reference.state, self.reference.generation)

    @invariant()
    def every_call_is_counted_once(self) -> None:
        assert self.breaker.circuit.totals().requests == self.asked - len(self.under_way)


class AwaitedAgainstReference(BreakerAgainstReference):
    awaited = True


TestCalled = BreakerAgainstReference.TestCase
TestCalled.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestAwaited = AwaitedAgainstReference.TestCase
TestAwaited.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


class Crowd:
    """Many threads at one service, which counts how many it sees at a time once it is probed."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker
        self.protected = breaker(self.service)
        self.inside = self.most_probes = 0
        self.guard = threading.Lock()

    def service(self, healthy: bool) -> None:
        with self.guard:
            self.inside += 1
            if self.breaker.circuit.standing.machine.probes:
                self.most_probes = max(self.most_probes, self.inside)
        with self.guard:
            self.inside -= 1
        if not healthy:
            raise ConnectionError

    def call(self, healthy: bool) -> str:
        try:
            self.protected(healthy)
        except ConnectionError:
            return "failed"
        except CircuitOpen:
            return "refused"
        return "done"


@settings(max_examples=15, deadline=None)
@given(outcomes=st.lists(st.booleans(), min_size=20, max_size=200), places=st.integers(1, 4))
def test_threads_lose_no_call_and_never_probe_more_than_allowed(outcomes: list[bool], places: int) -> None:
    hands = Hands()
    numbers = config(failure_threshold=5, half_open_max_calls=places, success_threshold=3, probe_lease=1e6)
    breaker = Breaker(name="threads", config=numbers, clock=hands, chance=never)
    crowd = Crowd(breaker)
    call = crowd.call

    with ThreadPoolExecutor(8) as pool:
        closed_phase = list(pool.map(call, outcomes))
        hands.go_on(1000)
        half_open_phase = list(pool.map(call, outcomes))
    totals = breaker.circuit.totals()
    results = [*closed_phase, *half_open_phase]
    assert totals.succeeded == results.count("done")
    assert totals.failed == results.count("failed")
    assert totals.rejected == results.count("refused")
    if "refused" in closed_phase:
        assert crowd.most_probes <= places
    assert ("refused" in closed_phase) <= (closed_phase.count("failed") >= 5)


@pytest.mark.parametrize("round_number", range(5))
def test_the_threshold_is_exact_under_threads(round_number: int) -> None:
    del round_number
    breaker = Breaker(name="exact", config=config(failure_threshold=50), clock=Hands(), chance=never)

    def fail(_: int) -> None:
        permit = breaker.circuit.admit()
        breaker.circuit.settle(permit, Outcome.FAILURE, ConnectionError())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fail, range(49)))
        assert breaker.state == "closed"
        list(pool.map(fail, range(1)))
    assert breaker.state == "open"
