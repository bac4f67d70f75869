"""`make run` as a whole: all processes, from the first start to Ctrl-C, and after being killed."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.env import ROOT
from config.local_services import LocalServices
from config.local_services.identity import load_identity
from config.local_services.ports import choose
from config.local_services.processes import wait_until
from tests.integration.config.processes import pids_of

pytestmark = pytest.mark.slow

SECONDS_TO_START = 90
EMAIL, PASSWORD = "olivia@podium.example", "correct-horse-battery-staple"


class Run:
    """A supervisor with its console in a file."""

    def __init__(self, home: Path, port: int, console: Path) -> None:
        self.home, self.url = home, f"http://127.0.0.1:{port}"
        self.environ = {
            "PATH": "/usr/bin:/bin",
            "PODIUM_HOME": str(home),
            "PORT": str(port),
            "PODIUM_ADMIN_EMAIL": EMAIL,
            "PODIUM_ADMIN_PASSWORD": PASSWORD,
        }
        self.console = console
        with self.console.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.supervisor"],
                cwd=ROOT,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait for 200 of /health/ready."""
        assert wait_until(lambda: self.is_ready() or self.process.poll() is not None, SECONDS_TO_START)
        assert self.process.poll() is None, self.console.read_text()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False

    def sign_in(self) -> Any:
        """Who the owner is, after signing in over HTTP."""
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=30) as client:
            answer = client.post("/auth/login/", json={"email": EMAIL, "password": PASSWORD})
            client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access']}"
            return client.get("/auth/me/").raise_for_status().json()

    def lines(self, name: str) -> list[str]:
        """What one process has printed."""
        prefix = f"{name:<10}| "
        lines = self.console.read_text().splitlines()
        return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]

    def left(self) -> list[str]:
        """Processes of this home, the servers included, that still run."""
        own = [pid for pid, environ in environments() if f"PODIUM_HOME={self.home}".encode() in environ]
        marker = load_identity(self.home / "services").marker
        servers = pids_of(marker, executable="postgres") + pids_of(marker, executable="valkey-server")
        return [f"{pid}" for pid in (*own, *servers)]


def environments() -> Iterator[tuple[int, list[bytes]]]:
    """The environment of every process that runs."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / "environ").read_bytes().split(b"\0")


Start = Callable[[], Run]


@contextmanager
def starts(home: Path, console: Path) -> Iterator[Start]:
    """Start Podium again and again; at the end nothing of it runs."""
    port = choose(0)
    runs: list[Run] = []

    def begin() -> Run:
        runs.append(Run(home, port, console))
        return runs[-1]

    yield begin
    for run in runs:
        run.process.terminate()
        run.process.wait(60)


@contextmanager
def empty_home(folder: Path) -> Iterator[Path]:
    """A home in which nothing was ever started; at the end, nothing of it is left."""
    yield folder / "a home"
    LocalServices(folder / "a home").destroy()


@pytest.fixture
def start_first(tmp_path: Path) -> Iterator[Start]:
    """Start in a home of the test's own."""
    with empty_home(tmp_path) as home, starts(home, tmp_path / "console") as start:
        yield start


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for the tests to which it is all the same what has happened in it: to fill one takes long."""
    with empty_home(tmp_path_factory.mktemp("make-run")) as folder:
        yield folder


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Start]:
    """Start in the shared home."""
    with starts(home, tmp_path / "console") as start:
        yield start


@pytest.mark.timeout(300)
def test_ctrl_c_leaves_no_process_and_a_second_start_keeps_the_data(start_first: Start) -> None:
    first = start_first()
    first.wait_until_ready()
    owner = first.sign_in()
    assert owner["user"]["email"] == EMAIL
    for name in ("bootstrap", "web", "worker", "sender", "beat"):
        assert wait_until(lambda name=name: bool(first.lines(name)), 20), f"{name} has said nothing"
    assert wait_until(lambda: "Podium is ready." in first.lines("podium"), 10)

    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(60) == 0
    assert first.left() == []
    assert first.lines("podium")[-2:] == ["Stopping", "Stopped"]

    second = start_first()
    second.wait_until_ready()
    assert second.sign_in() == owner
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(60) == 0
    assert second.left() == []


@pytest.mark.timeout(300)
def test_a_killed_worker_is_replaced_and_a_killed_supervisor_leaves_nothing_in_the_way(start: Start) -> None:
    first = start()
    first.wait_until_ready()
    workers = workers_of(first)
    os.kill(workers[0], signal.SIGKILL)
    assert wait_until(lambda: "worker has ended (SIGKILL); next start in 1 s" in first.lines("podium"), 20)
    assert wait_until(lambda: bool(workers_of(first)) and not set(workers) & set(workers_of(first)), 20)

    first.process.kill()
    first.process.wait(10)
    assert wait_until(lambda: not first.is_ready(), 30)  # or its web process would answer for the second's
    second = start()
    second.wait_until_ready()
    assert second.sign_in()["user"]["email"] == EMAIL
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(60) == 0
    assert second.left() == []


@pytest.mark.timeout(300)
def test_commands_work_beside_it_on_the_same_services(start: Start) -> None:
    run = start()
    run.wait_until_ready()
    question = "from django.contrib.auth import get_user_model as m; print(m().objects.earliest('pk').email)"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", question]
    done = subprocess.run(command, cwd=ROOT, env=run.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, EMAIL), done.stderr
    assert run.is_ready()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 0
    alone = subprocess.run(command, cwd=ROOT, env=run.environ, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stdout.strip()) == (0, EMAIL), alone.stderr
    assert run.left() == []


def workers_of(run: Run) -> list[int]:
    """The processes of the worker, the main one first."""
    workers = set(pids_of("config.celery:app\0worker", executable="python"))
    theirs = {f"PODIUM_HOME={run.home}".encode(), b"PODIUM_PROCESS=worker"}
    return sorted(pid for pid, environ in environments() if pid in workers and theirs <= set(environ))
