"""Several processes on one store, each played by a hub of its own and moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from apps.resilience.breaker import Breaker
from apps.resilience.config import CircuitBreakerConfig, Mode
from apps.resilience.errors import CircuitOpen
from apps.resilience.events import CircuitEvent, listen, stop_listening
from apps.resilience.hub import Hub
from apps.resilience.link import Request
from apps.resilience.registry import Registry
from apps.resilience.store import CircuitStore
from tests.integration.resilience.valkey_process import ValkeyProcess
from tests.unit.resilience.hands import Hands, config, never


class TimedStore(CircuitStore):
    """A store whose scripts live by the test's clock instead of the server's."""

    def __init__(self, url: str, hands: Hands) -> None:
        self.hands = hands
        super().__init__(url, timeout=10.0, probe_timeout=10.0)

    def _pipeline(self, client: Any, process: str, requests: Sequence[Request]) -> list[str]:
        return super()._pipeline(client, process, [replace(each, now=1e9 + self.hands()) for each in requests])


class Refused(ConnectionError):
    """What the dead service answers."""


@dataclass
class Member:
    """One process."""

    hub: Hub
    breaker: Breaker
    healthy: bool = False
    calls: int = 0

    def service(self) -> str:
        self.calls += 1
        if not self.healthy:
            raise Refused
        return "done"

    def call(self) -> str:
        """`done`, `failed` or `refused`."""
        try:
            return self.breaker.call(self.service)
        except Refused:
            return "failed"
        except CircuitOpen:
            return "refused"


NewMember = Callable[..., Member]


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def member(valkey: ValkeyProcess, hands: Hands) -> Iterator[NewMember]:
    made: list[Hub] = []

    def new(settings: CircuitBreakerConfig | None = None, name: str = "email") -> Member:
        hub = Hub(TimedStore(valkey.url, hands), threads=False)
        made.append(hub)
        breaker = Breaker(name=name, config=settings or config(), link=hub, clock=hands, chance=never)
        return Member(hub, breaker)

    yield new
    for hub in made:
        hub.store.close()


@pytest.fixture
def events() -> Iterator[list[CircuitEvent]]:
    heard: list[CircuitEvent] = []
    listen(heard.append)
    yield heard
    stop_listening(heard.append)


def rounds(*members: Member) -> None:
    for each in members:
        each.hub.round()


def open_everywhere(*members: Member) -> None:
    for each in members:
        each.hub.join(each.breaker.circuit)
    for _ in range(3):
        assert members[0].call() == "failed"
    rounds(*members, *members)
    assert [each.breaker.state for each in members] == ["open"] * len(members)


def test_failures_seen_by_different_processes_open_it_for_all(member: NewMember) -> None:
    one, two, three = member(), member(), member()
    for each in (one, two, three):
        assert each.call() == "failed"
        each.hub.round()
    rounds(one, two, three)
    assert [each.call() for each in (one, two, three)] == ["refused"] * 3


def test_a_process_that_has_seen_enough_itself_refuses_before_the_cluster_answers(member: NewMember) -> None:
    one = member()
    assert [one.call() for _ in range(5)] == ["failed", "failed", "failed", "refused", "refused"]
    assert one.breaker.circuit.shared


def test_a_transition_is_told_by_one_process(member: NewMember, events: list[CircuitEvent]) -> None:
    members = [member() for _ in range(4)]
    for each in members:
        each.call()
    rounds(*members, *members)
    assert [(event.source, event.target, event.scope) for event in events] == [("closed", "open", "cluster")]
    assert (events[0].circuit_name, events[0].last_error) == ("email", "Refused")


def test_a_new_process_knows_an_open_circuit_before_its_first_call(member: NewMember) -> None:
    open_everywhere(member())
    late = member()
    assert late.call() == "refused"
    assert late.calls == 0


def test_only_as_many_probes_as_configured_go_out_over_all_processes(member: NewMember, hands: Hands) -> None:
    settings = config(half_open_max_calls=2, success_threshold=5)
    members = [member(settings) for _ in range(4)]
    open_everywhere(*members)
    hands.go_on(10.0)
    permits = []
    for each in members:
        try:
            permits.append(each.breaker.circuit.admit())
        except CircuitOpen:
            permits.append(None)
    assert [permit is not None for permit in permits] == [True, True, False, False]


def test_a_recovered_service_is_closed_everywhere(
    member: NewMember, hands: Hands, events: list[CircuitEvent]
) -> None:
    settings = config(success_threshold=2)
    one, two = member(settings), member(settings)
    open_everywhere(one, two)
    one.healthy = two.healthy = True
    hands.go_on(10.0)
    assert one.call() == "done"
    one.hub.round()
    assert two.call() == "done"
    rounds(two, one, two)
    assert [one.breaker.state, two.breaker.state] == ["closed", "closed"]
    assert [event.target for event in events] == ["open", "half_open", "closed"]


def test_a_failed_probe_opens_it_again_for_longer(member: NewMember, hands: Hands) -> None:
    one = member(config(recovery_cap=40.0))
    open_everywhere(one)
    hands.go_on(10.0)
    assert one.call() == "failed"
    one.hub.round()
    assert one.breaker.circuit.standing.machine.reopenings == 1
    assert one.call() == "refused"


def test_an_operator_resets_and_trips_everywhere(member: NewMember) -> None:
    one, two = member(), member()
    open_everywhere(one, two)
    two.breaker.reset()
    rounds(one)
    assert [one.breaker.state, two.breaker.state] == ["closed", "closed"]
    one.breaker.circuit.trip("an exercise")
    rounds(two)
    assert two.call() == "refused"


def test_successes_are_told_in_batches_and_add_up(member: NewMember) -> None:
    one, two = member(), member()
    protected = [each.breaker(lambda: "done") for each in (one, two)]
    for function in protected:
        for _ in range(50):
            function()
    rounds(one, two, one)
    snapshot = one.hub.refresh() and one.breaker.circuit.standing.snapshot
    assert snapshot
    assert (snapshot.totals.succeeded, snapshot.window_succeeded) == (100, 100)


def test_the_hot_path_never_touches_the_store(member: NewMember, monkeypatch: pytest.MonkeyPatch) -> None:
    one = member()
    one.healthy = True
    protected = one.breaker(one.service)
    protected()
    touched: list[str] = []
    for name in ("exchange", "lease", "generations", "ping", "overrides"):
        monkeypatch.setattr(one.hub.store, name, lambda *_a, name=name, **_k: touched.append(name))
    for _ in range(1000):
        protected()
    one.healthy = False
    outcomes = [one.call() for _ in range(1000)]
    assert outcomes[:3] == ["failed"] * 3
    assert set(outcomes[3:]) == {"refused"}
    assert touched == []


def test_an_open_circuit_outlives_a_store_that_lost_everything(member: NewMember, valkey: ValkeyProcess) -> None:
    one, two = member(), member()
    open_everywhere(one, two)
    valkey.flush()
    newcomer = member()
    assert newcomer.call() == "failed"
    rounds(one, newcomer, two)
    assert [each.breaker.state for each in (one, two, newcomer)] == ["open", "open", "open"]


def test_without_the_store_each_process_goes_on_alone_and_merges_back(
    member: NewMember, valkey: ValkeyProcess, events: list[CircuitEvent]
) -> None:
    one, two = member(), member()
    one.healthy = two.healthy = True
    assert [one.call(), two.call()] == ["done", "done"]
    valkey.kill()
    for each in (one, two):
        each.hub.round()
        each.hub._first_miss = 1.0
        each.hub.round()
    assert [one.hub.available, two.hub.available] == [False, False]
    one.healthy = False
    assert [one.call() for _ in range(4)] == ["failed", "failed", "failed", "refused"]
    assert two.call() == "done"
    assert [(event.target, event.scope) for event in events] == [("open", "process")]
    valkey.start()
    rounds(one, two)
    assert [one.hub.available, two.hub.available] == [True, True]
    assert two.call() == "refused"
    assert two.breaker.failure_count == 0


def test_failures_seen_while_the_store_was_away_count_after_it_is_back(
    member: NewMember, valkey: ValkeyProcess
) -> None:
    one, two = member(), member()
    one.healthy = two.healthy = True
    one.call(), two.call()
    valkey.kill()
    for each in (one, two):
        each.hub.round()
        each.hub._first_miss = 1.0
        each.hub.round()
        each.healthy = False
    assert [one.call(), one.call(), two.call(), two.call()] == ["failed"] * 4
    assert [one.breaker.state, two.breaker.state] == ["closed", "closed"]
    valkey.start()
    rounds(one, two, one, two, one)
    assert [one.breaker.state, two.breaker.state] == ["open", "open"]


def test_a_frozen_store_costs_a_probe_its_short_limit_and_no_more(valkey: ValkeyProcess, hands: Hands) -> None:
    hub = Hub(CircuitStore(valkey.url, timeout=10.0), threads=False)
    one = Member(hub, Breaker(name="email", config=config(), link=hub, clock=hands, chance=never))
    open_everywhere(one)
    hub.store.close()
    hub.store = CircuitStore(valkey.url, timeout=0.05, probe_timeout=0.02)
    hands.go_on(10.0)
    one.healthy = True
    valkey.freeze()
    try:
        assert one.call() == "refused"
        assert one.calls == 3
        hub._first_miss = 1.0
        hub.round()
        assert not hub.available
        assert one.call() == "done"
    finally:
        valkey.thaw()


def test_overrides_reach_every_process_and_survive_a_lost_key(valkey: ValkeyProcess) -> None:
    learned: list[list[str]] = [[], []]
    hubs = [
        Hub(
            CircuitStore(valkey.url, timeout=10.0),
            threads=False,
            on_overrides=lambda known, seen=seen: seen.append(known.get("email", {}).get("mode", "")),
        )
        for seen in learned
    ]
    for hub in hubs:
        hub.round()
    assert hubs[0].put_overrides({"email": {"stamp": 1, "mode": Mode.FORCED_OPEN}})
    hubs[1].round()
    valkey.flush()
    for hub in hubs:
        hub.round()
    assert [seen[-1] for seen in learned] == ["forced_open", "forced_open"]
    assert hubs[0].store.overrides()["email"]["mode"] == "forced_open"


def test_a_process_that_has_just_begun_does_not_call_what_is_forced_open(
    circuits: Registry, other_process: Registry
) -> None:
    circuits.put_overrides({"email": {"stamp": 1, "mode": Mode.FORCED_OPEN}})

    with pytest.raises(CircuitOpen):
        other_process.policy("email").call(lambda: "sent")
