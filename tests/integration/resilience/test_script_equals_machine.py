"""`circuit.lua` and `machine.py` are the same machine: driven with the same steps, they agree after each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.resilience.config import CircuitBreakerConfig, Outcome, State
from apps.resilience.ledger import Bucketful, ProbeReport, Report, Totals
from apps.resilience.link import Request
from apps.resilience.machine import Machine
from apps.resilience.store import CircuitStore, Reply
from tests.integration.resilience.valkey_process import ValkeyProcess
from tests.unit.resilience.hands import never
from tests.unit.resilience.test_machine_properties import configs

BEGIN = 1_700_000_000.0


class ScriptAgainstMachine(RuleBasedStateMachine):
    store: CircuitStore
    cases = 0

    @initialize(config=configs)
    def begin(self, config: CircuitBreakerConfig) -> None:
        type(self).cases += 1
        self.name = f"case-{self.cases}"
        self.now = BEGIN
        self.sequence = 0
        self.names = 0
        self.config = config
        self.machine = Machine(config, chance=never)
        self.made: list[object] = []
        self.told: list[object] = []

    def ask(self, action: str = "sync", report: Report | None = None, lease: str = "") -> Reply:
        request = Request(
            name=self.name,
            action=action,
            config=self.config,
            chance=0.0,
            generation=1,
            state=State.CLOSED,
            remaining=0.0,
            reopenings=0,
            report=report,
            lease=lease,
            cause="reset",
            now=self.now,
        )
        (reply,) = self.store.exchange("one", [request])
        self.told += reply.transitions
        self.reply = reply
        return reply

    def report(self, **parts: object) -> Report:
        self.sequence += 1
        blank = Report(self.sequence, self.machine.generation, (), Totals(), (), "", None, None, 0.0)
        return blank._replace(**parts)

    @rule(milliseconds=st.sampled_from([1, 100, 500, 1000, 2500, 10_000, 61_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.now = round(self.now * 1000 + milliseconds) / 1000
        self.made += self.machine.advance(self.now)

    @rule(failed=st.booleans(), slow=st.booleans(), times=st.integers(1, 3))
    def calls_end(self, failed: bool, slow: bool, times: int) -> None:
        for _ in range(times):
            bucket = Bucketful(0, int(not failed), int(failed), int(slow and not failed))
            self.ask(report=self.report(buckets=(bucket,)))
            self.machine.count(self.now, succeeded=bucket.succeeded, failed=bucket.failed, slow=bucket.slow)
            self.made += self.machine.judge(self.now)

    @rule()
    def a_probe_asks(self) -> None:
        self.names += 1
        lease = f"probe-{self.names}"
        assert self.ask("lease", lease=lease).granted == self.machine.lease_probe(lease, self.now)

    @rule(outcome=st.sampled_from(Outcome), data=st.data())
    def a_probe_reports(self, outcome: Outcome, data: st.DataObject) -> None:
        lease = f"probe-{data.draw(st.integers(0, self.names + 1))}"
        self.ask(report=self.report(probes=(ProbeReport(lease, self.machine.generation, str(outcome)),)))
        self.made += self.machine.settle_probe(lease, outcome, self.now)

    @rule()
    def an_operator_resets(self) -> None:
        self.ask("reset")
        self.made += self.machine.reset(self.now)

    @invariant()
    def they_agree(self) -> None:
        machine, snapshot = self.machine, self.ask().snapshot
        assert (snapshot.state, snapshot.generation) == (machine.state, machine.generation)
        assert self.told == self.made
        if machine.state is State.OPEN:
            assert snapshot.remaining == pytest.approx(machine.until - self.now, abs=0.001)
        if machine.state is State.HALF_OPEN:
            assert (snapshot.probes, snapshot.probe_successes) == (len(machine.probes), machine.probe_successes)
        if machine.state is State.CLOSED:
            counts = machine.window.counts(self.now)
            window = (snapshot.window_succeeded, snapshot.window_failed, snapshot.window_slow)
            assert window == (counts.succeeded, counts.failed, counts.slow)


def test_the_script_on_the_store_is_the_machine(valkey: ValkeyProcess) -> None:
    ScriptAgainstMachine.store = CircuitStore(valkey.url, timeout=10.0)
    run_state_machine_as_test(
        ScriptAgainstMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
    ScriptAgainstMachine.store.close()


def request(name: str = "email", **changes: object) -> Request:
    blank = Request(
        name=name,
        action="sync",
        config=CircuitBreakerConfig(
            volume_threshold=1, failure_threshold=3, recovery_timeout=3000.0, recovery_cap=3000.0
        ),
        chance=0.0,
        generation=1,
        state=State.CLOSED,
        remaining=0.0,
        reopenings=0,
    )
    return replace(blank, **changes)  # type: ignore[arg-type]


def failures(sequence: int, number: int, generation: int = 1) -> Report:
    bucket = Bucketful(0, 0, number, 0)
    totals = Totals(failed=number)
    return Report(sequence, generation, (bucket,), totals, (), "ConnectionError: refused", 0.0, None, 0.0)


@pytest.fixture
def store(valkey: ValkeyProcess) -> CircuitStore:
    return CircuitStore(valkey.url, timeout=10.0, probe_timeout=10.0)


def test_a_report_that_arrives_twice_counts_once(store: CircuitStore) -> None:
    for _ in range(3):
        (reply,) = store.exchange("one", [request(report=failures(1, 2))])
    assert (reply.snapshot.window_failed, reply.snapshot.totals.failed) == (2, 2)


def test_failures_of_several_processes_add_up_and_one_of_them_is_told(store: CircuitStore) -> None:
    replies = [store.exchange(name, [request(report=failures(1, 1))])[0] for name in ("a", "b", "c", "d")]
    assert [[made.target for made in reply.transitions] for reply in replies] == [[], [], [State.OPEN], []]
    assert replies[-1].snapshot.last_error == "ConnectionError: refused"


def test_a_quorum_keeps_one_bad_node_from_opening_it_for_all(store: CircuitStore) -> None:
    config = CircuitBreakerConfig(volume_threshold=1, failure_threshold=3, quorum=2)
    (alone,) = store.exchange("bad-node", [request(config=config, report=failures(1, 50))])
    (joined,) = store.exchange("second", [request(config=config, report=failures(1, 1))])
    assert (alone.snapshot.state, joined.snapshot.state) == (State.CLOSED, State.OPEN)


def test_counts_of_an_earlier_generation_change_nothing(store: CircuitStore) -> None:
    store.exchange("one", [request(action="trip", cause="test")])
    store.exchange("one", [request(action="reset", cause="test")])
    (reply,) = store.exchange("late", [request(report=failures(1, 50, generation=1))])
    assert (reply.snapshot.state, reply.snapshot.generation) == (State.CLOSED, 3)
    assert reply.snapshot.totals.failed == 50


def test_a_lost_key_is_seeded_by_who_has_seen_it_open(store: CircuitStore, valkey: ValkeyProcess) -> None:
    (opened,) = store.exchange("one", [request(report=failures(1, 3))])
    valkey.flush()
    (fresh,) = store.exchange("newcomer", [request()])
    seen = {"generation": 2, "state": State.OPEN, "remaining": opened.snapshot.remaining}
    (seeded,) = store.exchange("one", [request(**seen)])
    (followed,) = store.exchange("newcomer", [request()])
    assert [reply.snapshot.state for reply in (fresh, seeded, followed)] == [State.CLOSED, State.OPEN, State.OPEN]
    assert followed.snapshot.remaining == pytest.approx(3000, abs=60)


def test_the_scripts_are_loaded_again_after_a_restart(store: CircuitStore, valkey: ValkeyProcess) -> None:
    store.exchange("one", [request()])
    valkey.kill()
    valkey.start()
    store.connect()
    (reply,) = store.exchange("one", [request()])
    assert reply.snapshot.state is State.CLOSED


def test_seconds_open_are_handed_out_once(store: CircuitStore) -> None:
    at = BEGIN
    store.exchange("one", [request(action="trip", cause="test", now=at)])
    handed = [store.exchange(name, [request(now=at + 7)])[0].open_for for name in ("one", "two", "three")]
    assert handed == [7.0, 0.0, 0.0]


def test_a_clock_that_is_set_back_keeps_nothing_open_or_taken_for_longer(store: CircuitStore) -> None:
    pause = failures(1, 0)._replace(buckets=(), totals=Totals(), pause=60.0)
    store.exchange("one", [request(action="trip", cause="test", report=pause, now=BEGIN)])

    (moved,) = store.exchange("one", [request(now=BEGIN - 86_400)])
    (taken,) = store.exchange("one", [request(action="lease", lease="lost", now=BEGIN - 83_399)])
    (again,) = store.exchange("two", [request(action="lease", lease="next", now=BEGIN - 2 * 86_400)])

    assert (moved.snapshot.state, moved.snapshot.remaining, moved.snapshot.pause) == (State.OPEN, 3000.0, 60.0)
    assert (taken.snapshot.state, taken.granted, again.granted) == (State.HALF_OPEN, True, True)


def test_a_pause_is_told_to_everybody(store: CircuitStore) -> None:
    told = failures(1, 0)._replace(buckets=(), totals=Totals(), pause=3000.0)
    store.exchange("one", [request(report=told)])
    (reply,) = store.exchange("two", [request()])
    assert reply.snapshot.pause == pytest.approx(3000, abs=60)


def test_the_newer_override_wins_whoever_comes_last(store: CircuitStore) -> None:
    store.put_overrides({"email": {"stamp": 2, "mode": "monitor"}})
    store.put_overrides({"email": {"stamp": 1, "mode": "disabled"}, "sms": {"stamp": 1, "mode": "disabled"}})
    assert store.overrides() == {
        "email": {"stamp": 2, "mode": "monitor"},
        "sms": {"stamp": 1, "mode": "disabled"},
    }
    assert store.generations([])[1] == 2
