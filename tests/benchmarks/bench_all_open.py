"""100 users while every outside circuit is open, against the same users with all of them closed.

A real server, a mixed load: boards, lists, and downloads that need the file storage. While the circuits are open the
downloads must be refused with the documented 503, and everything else must answer as ever; anything else is an error,
not a figure. `reads` is the 95th percentile of what needs no outside service.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from statistics import quantiles
from urllib.parse import quote

import httpx
from django.db import connection

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.accounts.services.tokens import issue_pair
from apps.core import clock
from apps.core.tenancy import organization_scope
from apps.resilience.config import State
from apps.resilience.defaults import build
from apps.resilience.metrics import shown_state
from apps.resilience.registry import Registry
from config.env import ROOT
from config.settings.resilience import RESILIENCE
from tests.benchmarks.bench_leaderboard import build_contest
from tests.benchmarks.figures import Figure, figure_of
from tests.e2e.stack import free_port
from tests.factories.datasets import DatasetFactory, DatasetVersionFactory

USERS = 100
REQUESTS = 20
THINK = (1.0, 3.0)
"""Seconds that a user looks at an answer before asking for the next thing; the same ones in every run."""
CONTESTANTS = 50


@dataclass
class Load:
    """What 100 users met: milliseconds of answered reads, and how many downloads were served and refused."""

    reads: list[float] = field(default_factory=list)
    served: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    def note(self, path: str, response: httpx.Response, milliseconds: float) -> None:
        """Sort an answer."""
        if "/download/" not in path:
            self.reads.append(milliseconds)
            if response.status_code != httpx.codes.OK:
                self.wrong.append(f"{path}: {response.status_code}")
        elif response.status_code == httpx.codes.OK:
            self.served += 1
        elif _is_documented_refusal(response):
            self.refused += 1
        else:
            self.wrong.append(f"{path}: {response.status_code} {response.text[:200]}")


def _is_documented_refusal(response: httpx.Response) -> bool:
    return (
        response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        and response.headers["Content-Type"] == "application/problem+json"
        and response.json()["code"] == "CIRCUIT_OPEN"
        and int(response.headers["Retry-After"]) > 0
    )


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """`reads`: open against closed, in turn."""
    organization = Organization.objects.create(name="All open", slug="all-open")
    tokens = sign_in(organization)
    with organization_scope(organization.pk):
        contest = build_contest(organization, contestants=CONTESTANTS, slug="all-open")
        dataset = DatasetFactory.create(organization=organization)
        DatasetVersionFactory.create(dataset=dataset, number=1)
    paths = [
        "/api/v1/events/",
        f"/api/v1/contests/{contest.pk}/leaderboard/",
        "/api/v1/datasets/",
        f"/api/v1/datasets/{dataset.pk}/download/",
    ]
    requests = max(1, round(REQUESTS * scale))
    registry = build({**RESILIENCE, "STORE_URL": os.environ["REDIS_URL"]})
    stay_open = {"stamp": 1, "recovery_timeout": 600.0}
    registry.put_overrides(dict.fromkeys(RESILIENCE["SERVICES"], stay_open))
    try:
        with a_web_server() as url:
            asyncio.run(users_at_work(url, tokens, paths, requests=2))  # a server that has just begun is slow
            # In turn: whoever is first has no advantage.
            orders = cycle([(State.OPEN, State.CLOSED), (State.CLOSED, State.OPEN)])
            pairs = [measure(registry, url, tokens, paths, requests, next(orders)) for _ in range(rounds)]
    finally:
        registry.close()
    yield figure_of("all_open", "reads", pairs, yardstick_name="all circuits closed, p95", unit="ms", better="lower")


def sign_in(organization: Organization) -> list[str]:
    """An access token for each of 100 viewers."""
    people = User.objects.bulk_create(User(email=f"user-{number}@example.org") for number in range(USERS))
    Membership.objects.bulk_create(
        Membership(organization=organization, user=person, role=Role.VIEWER) for person in people
    )
    until = clock.now() + timedelta(days=1)
    families = TokenFamily.objects.bulk_create(TokenFamily(user=person, expires_at=until) for person in people)
    return [issue_pair(family).access for family in families]


def bearer(token: str) -> dict[str, str]:
    """The header."""
    return {"Authorization": f"Bearer {token}"}


def measure(
    registry: Registry, url: str, tokens: list[str], paths: list[str], requests: int, order: Iterable[State]
) -> tuple[float, float]:
    """One round: the 95th percentiles with all open and with all closed, measured in this order."""
    results = {}
    for state in order:
        turn_all(registry, url, tokens[0], state)
        load = asyncio.run(users_at_work(url, tokens, paths, requests))
        expected = (0, True) if state is State.OPEN else (True, 0)
        if load.wrong or (bool(load.served), bool(load.refused)) != tuple(map(bool, expected)):
            raise RuntimeError(f"{state}: served {load.served}, refused {load.refused}, wrong {load.wrong[:5]}")
        results[state] = quantiles(load.reads, n=20)[-1]
    return results[State.OPEN], results[State.CLOSED]


def turn_all(registry: Registry, url: str, token: str, state: State) -> None:
    """Open or close every outside circuit of the cluster, and wait until the server says so."""
    registry.refresh()
    shared = [
        breaker
        for name, breaker in registry.all().items()
        if name != "database" and breaker.circuit.link is not None  # that one is not outside: nothing goes without it
    ]
    for breaker in shared:
        if state is State.OPEN:
            breaker.circuit.trip("a benchmark")
        elif shown_state(breaker.circuit) is not State.CLOSED:
            breaker.reset()
    deadline = time.monotonic() + 10
    while True:
        answer = httpx.get(f"{url}/api/v1/resilience/health/", headers=bearer(token), timeout=10)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"The server does not tell its health: {answer.text}")
        health = answer.json()
        if health["circuits_by_state"]["open"] == (len(shared) if state is State.OPEN else 0):
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"The server's circuits are not {state}: {health}")
        time.sleep(0.1)


async def users_at_work(url: str, tokens: list[str], paths: list[str], requests: int) -> Load:
    """Every user asks for one thing after the other; each begins at another one."""
    load = Load()
    limits = httpx.Limits(max_connections=USERS, max_keepalive_connections=USERS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:

        async def user(number: int) -> None:
            thoughts = random.Random(number)
            for turn in range(requests):
                await asyncio.sleep(thoughts.uniform(*THINK))
                path = paths[(number + turn) % len(paths)]
                began = time.perf_counter()
                try:
                    response = await client.get(path, headers=bearer(tokens[number]))
                except httpx.HTTPError as error:
                    load.wrong.append(f"{path}: {error!r}")
                    continue
                load.note(path, response, (time.perf_counter() - began) * 1000)

        await asyncio.gather(*(user(number) for number in range(USERS)))
    return load


@contextmanager
def a_web_server() -> Iterator[str]:
    """Podium's own, on the database of this run."""
    database = connection.settings_dict
    login = f"{quote(database['USER'])}:{quote(database['PASSWORD'] or '')}"
    host = database["HOST"] if not str(database["HOST"]).startswith("/") else ""
    query = f"?host={quote(database['HOST'])}" if not host else ""
    address = f"{host}:{database['PORT']}" if host and database["PORT"] else host
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{login}@{address}/{database['NAME']}{query}",
        "LOG_LEVEL": "CRITICAL",
        "DATABASE_POOL_TIMEOUT": "30",  # a busy machine is not what is measured
        "PODIUM_PROCESS": "web",
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
    }
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "config.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    command += ["--timeout-keep-alive", "60"]  # longer than anybody thinks: no connection is closed under a request
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(url, process)
            yield url
        finally:
            process.terminate()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until it answers."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health/live", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("The server did not start.")
