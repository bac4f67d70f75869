"""The machine against the reference model, thousands of random steps with a clock that only the test turns."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.resilience.config import CircuitBreakerConfig, Outcome, State
from apps.resilience.machine import Machine
from tests.unit.resilience.hands import never
from tests.unit.resilience.reference import Reference

configs = st.builds(
    CircuitBreakerConfig,
    failure_threshold=st.integers(1, 4),
    failure_rate=st.none() | st.sampled_from([0.25, 0.5, 1.0]),
    volume_threshold=st.integers(1, 6),
    failure_window=st.sampled_from([1.0, 5.0, 60.0, 150.0]),
    recovery_timeout=st.sampled_from([1.0, 10.0]),
    recovery_cap=st.sampled_from([10.0, 60.0]),
    success_threshold=st.integers(1, 3),
    half_open_max_calls=st.integers(1, 3),
    half_open_timeout=st.sampled_from([5.0, 30.0]),
    probe_lease=st.sampled_from([2.0, 20.0]),
    slow_call_duration=st.just(1.0),
    slow_call_rate=st.none() | st.just(0.5),
)


class MachineAgainstReference(RuleBasedStateMachine):
    @initialize(config=configs)
    def begin(self, config: CircuitBreakerConfig) -> None:
        self.now = 0.0
        self.names = 0
        self.machine = Machine(config, chance=never)
        self.reference = Reference(config)
        self.generations = [1]

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 2.5, 10.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.machine.advance(self.now)
        self.reference.advance(self.now)

    @rule(failed=st.booleans(), slow=st.booleans(), times=st.integers(1, 4))
    def calls_end(self, failed: bool, slow: bool, times: int) -> None:
        for _ in range(times):
            counts_as_slow = int(slow and not failed)
            self.machine.count(self.now, succeeded=int(not failed), failed=int(failed), slow=counts_as_slow)
            self.machine.judge(self.now)
            self.reference.call(self.now, failed=failed, slow=slow)

    @rule()
    def a_probe_asks(self) -> None:
        self.names += 1
        name = f"probe-{self.names}"
        assert self.machine.lease_probe(name, self.now) == self.reference.lease(name, self.now)

    @rule(outcome=st.sampled_from(Outcome), data=st.data())
    def a_probe_reports(self, outcome: Outcome, data: st.DataObject) -> None:
        name = f"probe-{data.draw(st.integers(0, self.names + 1))}"
        self.machine.settle_probe(name, outcome, self.now)
        self.reference.settle(name, str(outcome), self.now)

    @rule()
    def an_operator_resets(self) -> None:
        self.machine.reset(self.now)
        if self.reference.state != "closed":
            self.reference.go("closed", self.now)
        self.reference.calls = []

    @invariant()
    def they_agree(self) -> None:
        machine, reference = self.machine, self.reference
        assert (str(machine.state), machine.generation) == (reference.state, reference.generation)
        if machine.state is State.OPEN:
            assert machine.until == reference.until
        if machine.state is State.CLOSED:
            recent = reference.recent(self.now)
            counts = machine.window.counts(self.now)
            expected = (len(recent), sum(call[1] for call in recent), sum(call[2] for call in recent))
            assert (counts.total, counts.failed, counts.slow) == expected

    @invariant()
    def never_more_probes_than_allowed(self) -> None:
        assert len(self.machine.probes) <= self.machine.config.half_open_max_calls

    @invariant()
    def generations_only_grow(self) -> None:
        assert self.machine.generation >= self.generations[-1]
        self.generations.append(self.machine.generation)


TestMachineAgainstReference = MachineAgainstReference.TestCase
TestMachineAgainstReference.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
