"""The shared state of circuits in Redis or Valkey: what is asked, what is answered, and how it travels.

In Redis, for a circuit `email`: `podium:circuit:{email}` (state, window and totals), `…:probes` (leases by expiry),
`…:seen` (processes that saw failures) and `…:seq:<process>` (the last report of a process). The braces keep them in
one slot of a Redis cluster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import NoScriptError
from redis.retry import Retry

from apps.resilience.config import State
from apps.resilience.ledger import Report, Totals
from apps.resilience.link import Request, Snapshot
from apps.resilience.machine import Transition

_FOLDER = Path(__file__).parent
CIRCUIT = (_FOLDER / "circuit.lua").read_text(encoding="utf-8")
SLOTS = (_FOLDER / "slots.lua").read_text(encoding="utf-8")
OVERRIDES = (_FOLDER / "overrides.lua").read_text(encoding="utf-8")


class StoreAwayError(Exception):
    """The store did not answer in time. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the step left behind, and what it did."""

    snapshot: Snapshot
    transitions: tuple[Transition, ...]
    granted: bool
    open_for: float


class CircuitStore:
    """One Redis or Valkey. Every method answers within the time limit or raises `StoreAwayError`."""

    def __init__(
        self, url: str, *, prefix: str = "podium:", timeout: float = 0.05, probe_timeout: float = 0.02
    ) -> None:
        self._url = url
        self._timeouts = (timeout, probe_timeout)
        self._prefix = f"{prefix}circuit:"
        self._overrides = f"{prefix}circuit-overrides"
        self._endpoints = f"{prefix}circuit-endpoints"
        self.channel = f"{prefix}circuits"
        self.connect()

    def connect(self) -> None:
        """Make fresh connections (also in a child after fork: sockets must not be shared)."""
        timeout, probe_timeout = self._timeouts
        self._client = self._connection(timeout)
        self._probing = self._connection(probe_timeout)
        self._sha = self._client.register_script(CIRCUIT).sha
        self._put = self._client.register_script(OVERRIDES)
        self._slot = self._probing.register_script(SLOTS)

    def exchange(self, process: str, requests: Sequence[Request]) -> list[Reply]:
        """Carry out several steps in one round trip."""
        answers = self._run(self._client, process, requests)
        return [read_reply(json.loads(answer)) for answer in answers]

    def lease(self, process: str, request: Request) -> Reply:
        """Ask for a probe's place, with the shorter time limit: a caller's thread is waiting."""
        (answer,) = self._run(self._probing, process, [request])
        return read_reply(json.loads(answer))

    def generations(self, names: Sequence[str]) -> tuple[list[int], int | None]:
        """A glance at idle circuits (0 where the key is missing), and the version of the overrides."""
        with _away(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hget(self._key(name), "generation")
            pipe.hget(self._overrides, "version")
            *found, version = pipe.execute()
        return [int(value or 0) for value in found], None if version is None else int(version)

    def overrides(self) -> dict[str, dict[str, Any]]:
        """The run-time overrides by service."""
        with _away():
            found: dict[str, str] = self._client.hgetall(self._overrides)  # type: ignore[assignment]  # decoded
        return {name: json.loads(value) for name, value in found.items() if name != "version"}

    def put_overrides(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        """Add overrides; each carries a `stamp`, and an older one never replaces a newer one."""
        pairs = [part for name, value in overrides.items() for part in (name, json.dumps(value))]
        with _away():
            self._put(keys=[self._overrides], args=[self.channel, *pairs])

    def windows(self, names: Sequence[str]) -> list[dict[str, int]]:
        """The per-bucket counts of circuits (`s<index>` succeeded, `f<index>` failed), for a page that draws them."""
        with _away(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(self._key(name))
            found: list[dict[str, str]] = pipe.execute()
        return [{key: int(value) for key, value in each.items() if key[1:].isdigit()} for each in found]

    def put_endpoints(self, endpoints: Mapping[str, str], now: float) -> None:
        """Say that circuits made at run time exist, and whose they are, so that every process can show them."""
        entries = {name: json.dumps({"owner": owner, "seen": now}) for name, owner in endpoints.items()}
        with _away():
            self._client.hset(self._endpoints, mapping=entries)  # type: ignore[arg-type]  # invariant

    def endpoints(self, now: float, idle: float) -> dict[str, str]:
        """Circuits made at run time anywhere, by name, with their owner; those unused for `idle` seconds go."""
        with _away():
            found: dict[str, str] = self._client.hgetall(self._endpoints)  # type: ignore[assignment]  # decoded
            entries = {name: json.loads(value) for name, value in found.items()}
            gone = [name for name, entry in entries.items() if entry["seen"] < now - idle]
            if gone:
                self._client.hdel(self._endpoints, *gone)
        return {name: entry["owner"] for name, entry in entries.items() if name not in gone}

    def take_slot(self, name: str, lease: str, *, limit: int, seconds: float) -> bool:
        """Take one of a limited number of places in the cluster."""
        with _away():
            taken = self._slot(keys=[f"{self._key(name)}:slots"], args=[lease, limit, round(seconds * 1000)])
        return bool(taken)

    def give_slot_back(self, name: str, lease: str) -> None:
        """Free the place."""
        with _away():
            self._probing.zrem(f"{self._key(name)}:slots", lease)

    def ping(self) -> None:
        """Harmless, so that nothing piles up in front of a store that is frozen."""
        with _away():
            self._client.ping()

    def subscribe(self) -> PubSub:
        """A connection that hears of transitions and overrides."""
        with _away():
            client = self._connection(self._timeouts[0])
            listener: PubSub = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            listener.subscribe(self.channel)
            return listener

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
        self._probing.close()

    def _connection(self, timeout: float) -> redis.Redis:
        # redis-py retries with growing pauses by default: eight seconds for a frozen server.
        return redis.Redis.from_url(
            self._url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def _key(self, name: str) -> str:
        return f"{self._prefix}{{{name}}}"

    def _run(self, client: redis.Redis, process: str, requests: Sequence[Request]) -> list[str]:
        if not requests:
            return []
        with _away():
            try:
                return self._pipeline(client, process, requests)
            except NoScriptError:
                client.script_load(CIRCUIT)
                return self._pipeline(client, process, requests)

    def _pipeline(self, client: redis.Redis, process: str, requests: Sequence[Request]) -> list[str]:
        with client.pipeline(transaction=False) as pipe:
            for request in requests:
                key = self._key(request.name)
                keys = [key, f"{key}:probes", f"{key}:seen", f"{key}:seq:{process}"]
                pipe.evalsha(self._sha, 4, *keys, write_request(request, process), self.channel)
            answers: list[str] = pipe.execute()
            return answers


class _away:  # noqa: N801 - reads as a statement
    """Turn whatever the client raises into `StoreAwayError`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, redis.RedisError | OSError) and not isinstance(error, NoScriptError):
            raise StoreAwayError(str(error)) from error


def write_request(request: Request, process: str) -> str:
    """The script's argument."""
    config, report = request.config, request.report
    return json.dumps(
        {
            "name": request.name,
            "action": request.action,
            "process": process,
            "chance": request.chance,
            "lease": request.lease,
            "cause": request.cause,
            "now": None if request.now is None else round(request.now * 1000),
            "seed": {
                "generation": request.generation,
                "state": request.state,
                "remaining": round(request.remaining * 1000),
                "reopenings": request.reopenings,
            },
            "report": None if report is None else _report(report),
            "config": {
                "failures": config.failure_threshold,
                "failure_rate": config.failure_rate or 0,
                "slow_rate": config.slow_call_rate or 0,
                "volume": config.volume_threshold,
                "window": round(config.failure_window * 1000),
                "width": round(config.bucket_width * 1000),
                "span": max(1, round(config.failure_window / config.bucket_width)),
                "recovery": round(config.recovery_timeout * 1000),
                "recovery_cap": round(config.recovery_cap * 1000),
                "jitter": config.recovery_jitter,
                "successes": config.success_threshold,
                "probes": config.half_open_max_calls,
                "half_open": round(config.half_open_timeout * 1000),
                "lease": round(config.probe_lease * 1000),
                "quorum": config.quorum,
            },
        }
    )


def _report(report: Report) -> dict[str, Any]:
    return {
        "sequence": report.sequence,
        "generation": report.generation,
        "buckets": [list(bucket) for bucket in report.buckets],
        "totals": list(report.totals),
        "probes": [list(probe) for probe in report.probes],
        "last_error": report.last_error,
        "failure_age": round((report.failure_age or 0) * 1000),
        "success_age": round((report.success_age or 0) * 1000),
        "pause": round(report.pause * 1000),
    }


def read_reply(answer: Mapping[str, Any]) -> Reply:
    """The script's answer. An empty Lua table arrives as an object, hence the `or ()`."""
    succeeded, failed, slow = answer["window"]
    snapshot = Snapshot(
        name=answer["name"],
        state=State(answer["state"]),
        generation=int(answer["generation"]),
        remaining=answer["remaining"] / 1000,
        reopenings=int(answer["reopenings"]),
        opened_at=answer["opened_at"] / 1000 or None,
        window_succeeded=int(succeeded),
        window_failed=int(failed),
        window_slow=int(slow),
        probe_successes=int(answer["ok"]),
        probes=int(answer["probes"]),
        totals=Totals(*(int(total) for total in answer["totals"])),
        last_failure_at=answer["last_failure"] / 1000 or None,
        last_success_at=answer["last_success"] / 1000 or None,
        last_error=answer["last_error"],
        pause=answer["pause"] / 1000,
    )
    transitions = tuple(
        Transition(
            State(made["source"]),
            State(made["target"]),
            int(made["generation"]),
            made["cause"],
            int(made["failures"]),
        )
        for made in answer["transitions"] or ()
    )
    return Reply(snapshot, transitions, bool(answer["granted"]), answer["open_for"] / 1000)
