"""What keeps the circuits of one process in step with the cluster: one flusher thread, one listener.

The flusher sends batches every 0.25 to 0.5 seconds, and failures and ends of probes at once; the answer is what the
cluster knows. The listener hears of transitions as they happen. Messages may be dropped, so the flusher also looks
at the generation of every idle circuit in each round.

While the store is away the circuits go on alone, and the hub knocks (`PING`, so that nothing piles up in front of
a frozen server) until it answers.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from apps.resilience.circuit import Circuit
from apps.resilience.config import State
from apps.resilience.events import tell
from apps.resilience.forking import HELD_FOR_FORK, hold_during_fork, process_name, renew_after_fork
from apps.resilience.link import LeaseAnswer, Request
from apps.resilience.listener import Listener
from apps.resilience.store import CircuitStore, Reply, StoreAwayError

logger = structlog.get_logger(__name__)

INTERVAL = 0.5
"""Seconds between two rounds at most; each is shortened at random, so that processes don't knock together."""
PATIENCE = 0.5
"""Seconds without an answer after which the store counts as away."""
BATCH = 100

Overrides = Mapping[str, Mapping[str, Any]]


class Hub:
    """The link of every shared circuit of this process; see `apps.resilience.link.Link`."""

    def __init__(
        self,
        store: CircuitStore,
        *,
        threads: bool = True,
        on_round: Callable[[], object] = lambda: None,
        on_overrides: Callable[[Overrides], object] = lambda _overrides: None,
        load_overrides: Callable[[], Overrides] = dict,
        on_open_seconds: Callable[[str, float], object] = lambda _name, _seconds: None,
        on_availability: Callable[[bool], object] = lambda _available: None,
        give_back: Callable[[], object] = lambda: None,
    ) -> None:
        self.store = store
        self.available = False
        self.process = process_name()
        self.away_since: float | None = None
        self._threads = threads
        self._on_round = on_round
        self._on_overrides = on_overrides
        self._load_overrides = load_overrides
        self._on_open_seconds = on_open_seconds
        self._on_availability = on_availability
        self._give_back = give_back
        self._circuits: dict[str, Circuit] = {}
        self._running: list[threading.Thread] = []
        self._known_overrides: dict[str, Mapping[str, Any]] = {}
        self._begin()
        renew_after_fork(self)
        hold_during_fork(self)

    # What circuits ask

    def join(self, circuit: Circuit) -> None:
        """Keep this circuit in step; asks once: a new process calls nothing that is known as dead or forced open."""
        self._circuits[circuit.name] = circuit
        if self.available or self.away_since is None:
            self._attempt(lambda: self._catch_up([circuit]))
        self._start()

    def leave(self, name: str) -> None:
        """Forget a circuit (a webhook endpoint that is gone)."""
        self._circuits.pop(name, None)

    def wake(self, circuit: Circuit) -> None:
        """Begin the next round now."""
        self._circuits.setdefault(circuit.name, circuit)
        self._urgent.set()

    def lease(self, circuit: Circuit, lease: str) -> LeaseAnswer | None:
        """Ask for a probe's place; None when the store does not answer within its short limit."""
        request = circuit.request("lease", lease=lease, with_report=False)
        try:
            reply = self.store.lease(self.process, request)
        except StoreAwayError:
            self._urgent.set()
            return None
        self._tell(reply)
        return LeaseAnswer(reply.granted, reply.snapshot)

    def command(self, circuit: Circuit, action: str, cause: str) -> bool:
        """`reset` or `trip` everywhere; False when the store is away, so that the circuit does it alone."""
        self._circuits.setdefault(circuit.name, circuit)
        request = circuit.request(action, cause=cause)
        try:
            (reply,) = self.store.exchange(self.process, [request])
        except StoreAwayError:
            self._urgent.set()
            return False
        self._take([circuit], [request], [reply])
        return True

    def put_overrides(self, overrides: Overrides) -> bool:
        """Tell all processes about run-time overrides; False when the store is away (only this one knows then)."""
        self._on_overrides(overrides)
        try:
            self.store.put_overrides(overrides)
        except StoreAwayError:
            self._urgent.set()
            return False
        self._known_overrides = {**self._known_overrides, **overrides}
        return True

    def refresh(self) -> bool:
        """Learn the cluster's present numbers of every circuit; False when the store does not answer."""
        return self._attempt(lambda: self._catch_up(self._circuits.values()))

    # Rounds

    def round(self) -> None:
        """Tell what is to be told, learn what is new. Called by the flusher; tests call it by hand."""
        with self._rounds:
            if self.available or self.away_since is None or self._attempt(self.store.ping):
                self._attempt(self._exchange_all)
            else:
                self._load_alone()
            self._on_round()

    def stop(self) -> None:
        """End the threads after a last round (at exit)."""
        self._stopping.set()
        self._urgent.set()
        for thread in self._running:
            thread.join(timeout=2)
        self._running = []

    def forked(self) -> None:
        """In a child after fork: its own name, connections and threads; circuits join again at their next call."""
        self.process = process_name()
        self.available, self.away_since, self._circuits = False, None, {}
        self._begin()
        self.store.connect()

    def hold(self) -> None:
        """Keep the flusher from beginning a round; one that is under way ends first."""
        self._held = self._rounds.acquire(timeout=HELD_FOR_FORK)

    def release(self) -> None:
        """Let it go on."""
        if self._held:
            self._rounds.release()

    # Inside

    def _begin(self) -> None:
        self._rounds, self._held = threading.Lock(), False
        self._urgent = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._running = []
        self._first_miss: float | None = None
        self._overrides_version: int | None = None
        self._known_overrides, self._next_load = {}, 0.0

    def _start(self) -> None:
        if not self._threads or self._running or self._stopping.is_set():
            return
        with self._starting:
            if self._running:
                return
            listener = Listener(self.store, self._heard, self._stopping)
            self._running = [
                threading.Thread(target=self._flush_forever, name="resilience-flusher", daemon=True),
                threading.Thread(target=listener.listen_forever, name="resilience-listener", daemon=True),
            ]
            for thread in self._running:
                thread.start()

    def _flush_forever(self) -> None:
        while True:
            last = self._stopping.is_set()
            try:
                self.round()
            except Exception:
                logger.exception("resilience_round_failed")
            finally:
                self._give_back()
            if last:
                return
            hurry = self._first_miss is not None and self.available
            self._urgent.wait(0.05 if hurry else INTERVAL * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            self._urgent.clear()

    def _exchange_all(self) -> None:
        circuits = list(self._circuits.values())
        requests = [circuit.request("sync") for circuit in circuits]
        busy: list[tuple[Circuit, Request]] = []
        idle: list[tuple[Circuit, Request]] = []
        for circuit, request in zip(circuits, requests, strict=True):
            settled = request.report is None and request.state is State.CLOSED and circuit.standing.snapshot
            (idle if settled and self.available else busy).append((circuit, request))
        generations, version = self.store.generations([circuit.name for circuit, _ in idle])
        self._answered()
        busy += [pair for pair, seen in zip(idle, generations, strict=True) if seen != pair[1].generation]
        self._exchange_requests(busy)
        if version is None or version != self._overrides_version:
            self._learn_overrides(version)

    def _catch_up(self, circuits: Iterable[Circuit]) -> None:
        """What a caller waits for. Overrides whose key is lost are put back by the next round, not here."""
        self._exchange_requests([(circuit, circuit.request("sync")) for circuit in list(circuits)])
        _, version = self.store.generations([])
        if version is not None and version != self._overrides_version:
            self._learn_overrides(version)

    def _exchange_requests(self, pairs: list[tuple[Circuit, Request]]) -> None:
        for start in range(0, len(pairs), BATCH):
            circuits, requests = zip(*pairs[start : start + BATCH], strict=True)
            self._take(circuits, requests, self.store.exchange(self.process, requests))

    def _take(self, circuits: Iterable[Circuit], requests: Iterable[Request], replies: Iterable[Reply]) -> None:
        self._answered()
        for circuit, request, reply in zip(circuits, requests, replies, strict=True):
            circuit.adopt(reply.snapshot, answers=request.report)
            if circuit.ledger.owes_failures:
                self._urgent.set()  # what came after a report that had to be told twice
            self._tell(reply)

    def _tell(self, reply: Reply) -> None:
        name = reply.snapshot.name
        circuit = self._circuits.get(name)
        story = circuit.ledger.correlation_id if circuit else ""  # the flusher has none of its own
        if reply.open_for:
            self._on_open_seconds(name, reply.open_for)
        for transition in reply.transitions:
            tell(name, transition, last_error=reply.snapshot.last_error, scope="cluster", correlation_id=story)

    def _heard(self, reply: Reply | None) -> None:
        """A message: somebody's transition (that process tells the event), or new overrides (None)."""
        if reply is None:
            self._overrides_version = None
            self._urgent.set()
        elif self.available and (circuit := self._circuits.get(reply.snapshot.name)) is not None:
            circuit.adopt(reply.snapshot)

    def _learn_overrides(self, version: int | None) -> None:
        if version is None:
            # The key is new or lost: put back what we know, from memory and from the database.
            self.store.put_overrides({**self._load_overrides(), **self._known_overrides})
            _, version = self.store.generations([])
        self._known_overrides = dict(self.store.overrides())
        self._overrides_version = version
        self._on_overrides(self._known_overrides)

    def _load_alone(self) -> None:
        """With the store away an operator's word still comes through, by the database."""
        if (now := time.monotonic()) >= self._next_load:
            self._next_load = now + 1.0
            self._on_overrides(self._load_overrides())

    def _attempt(self, step: Callable[[], object]) -> bool:
        try:
            step()
        except StoreAwayError as error:
            self._missed(error)
            return False
        return True

    def _answered(self) -> None:
        self._first_miss = None
        if not self.available:
            away_since, self.away_since = self.away_since, None
            self.available = True
            self._on_availability(True)
            if away_since is not None:
                logger.info("resilience_store_back", away_seconds=round(time.monotonic() - away_since, 1))

    def _missed(self, error: StoreAwayError) -> None:
        now = time.monotonic()
        self._first_miss = self._first_miss or now
        if self.available and now - self._first_miss < PATIENCE:
            return
        if self.away_since is None:
            self.available, self.away_since = False, now
            self._on_availability(False)
            logger.warning("resilience_store_away", error=str(error), circuits=len(self._circuits))
            for circuit in list(self._circuits.values()):
                circuit.detach()
