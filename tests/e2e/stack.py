"""A whole Podium of its own, as `make run` starts it: real processes, real services, logs to read."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.local_services.ports import is_free

ROOT = Path(__file__).resolve().parents[2]
EMAIL = "olivia@podium.example"
PASSWORD = "a-long-test-password-1"
START_LIMIT = 120.0
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Stack:
    """A running Podium: where it is, how to sign in, what it has logged."""

    url: str
    home: Path
    log: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    @contextmanager
    def client(
        self, correlation_id: str | None = None, email: str = EMAIL, password: str = PASSWORD
    ) -> Iterator[httpx.Client]:
        """An API client that has signed in; it sends `correlation_id` with each request where one is given."""
        headers = {"X-Correlation-ID": correlation_id} if correlation_id else {}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30) as client:
            answer = client.post("/api/v1/auth/login/", json={"email": email, "password": password})
            assert answer.status_code == 200, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['access']}"
            yield client

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """A client with the owner's session, for pages."""
        with httpx.Client(base_url=self.url, timeout=30, follow_redirects=True) as browser:
            form = browser.get("/admin/login/").text
            (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form))
            entered = browser.post(
                "/admin/login/",
                data={"csrfmiddlewaretoken": token, "username": EMAIL, "password": PASSWORD, "next": "/admin/"},
                headers={"Referer": f"{self.url}/admin/login/"},
            )
            assert (entered.status_code, entered.url.path) == (200, "/admin/")
            yield browser

    def records(self) -> list[dict[str, Any]]:
        """Every JSON line that any process has logged so far, with the `process` that wrote it."""
        found = []
        for raw in self.log.read_text(errors="replace").splitlines():
            line = ANSI.sub("", raw)
            start = line.find("{")
            if start < 0:
                continue
            try:
                record = json.loads(line[start:])
            except ValueError:
                continue
            record["process"] = line[:start].strip(" |")
            found.append(record)
        return found

    def lines(self, event: str, **values: str) -> list[dict[str, Any]]:
        """The records of one event that have these values."""
        return [record for record in self.records() if record["event"] == event and values.items() <= record.items()]

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `manage.py` command beside the running stack."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=180,
        )

    def kill(self, name: str) -> None:
        """End a process (`web`, `worker`, `sender`, `beat`, `relay`) with its children at once, as an outage does."""
        marks = {f"PODIUM_HOME={self.home}".encode(), f"PODIUM_PROCESS={name}".encode()}
        groups = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended meanwhile
                if marks <= set((folder / "environ").read_bytes().split(b"\0")):
                    groups.add(os.getpgid(int(folder.name)))
        for group in groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        assert groups, f"there is no {name}"


def free_port() -> int:
    """A TCP port on loopback that nobody listens on, below those that the kernel gives to outgoing connections."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    chance = random.SystemRandom()
    while not is_free(port := chance.randrange(first // 2, first)):
        pass
    return port


def wait_until(condition: Any, *, limit: float = 30.0, what: str = "the condition") -> Any:
    """Poll `condition` until it answers something true; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come within {limit} s"
        time.sleep(0.1)  # real processes: there is no clock to turn


@contextmanager
def running_stack(home: Path, **variables: str) -> Iterator[Stack]:
    """Start everything under `home` on a free port, with these in its environment; stop it with Ctrl-C at the end."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    environment |= {
        "PODIUM_HOME": str(home),
        "PORT": str(port),
        "LOG_FORMAT": "json",
        "PODIUM_ADMIN_EMAIL": EMAIL,
        "PODIUM_ADMIN_PASSWORD": PASSWORD,
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "PYTHONUNBUFFERED": "1",
        **variables,
    }
    home.mkdir(parents=True, exist_ok=True)
    log = home / "console.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stack = Stack(f"http://127.0.0.1:{port}", home, log, process, environment)
        try:
            wait_until(lambda: _is_ready(stack), limit=START_LIMIT, what="/health/ready")
            yield stack
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            finally:
                if process.poll() is None:
                    process.kill()


def _is_ready(stack: Stack) -> bool:
    assert stack.process.poll() is None, stack.log.read_text()[-4000:]
    try:
        return httpx.get(f"{stack.url}/health/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
