"""One supervised process: its output, its restarts, its end. With real processes that do next to nothing."""

import asyncio
import contextlib
import fcntl
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from config.env import ROOT
from config.local_services.processes import wait_until
from config.supervisor import child as child_module
from config.supervisor.child import Child, Surroundings
from config.supervisor.console import Console
from config.supervisor.guard import Guard
from config.supervisor.programs import Program
from tests.integration.config.processes import pids_of


def python(code: str, *, seconds_to_stop: float = 10.0) -> Program:
    return Program("sample", ("-c", code), colour=1, seconds_to_stop=seconds_to_stop)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def surroundings(output: io.StringIO, tmp_path: Path) -> Iterator[Surroundings]:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    environment = {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
    with Guard(descriptor) as guard:
        yield Surroundings(Console(output), environment, guard, descriptor)
    os.close(descriptor)


async def until_printed(output: io.StringIO, text: str, *, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while output.getvalue().count(text) < times:  # noqa: ASYNC110 - another process decides when
            await asyncio.sleep(0.01)


def test_each_line_carries_the_name_of_its_process_also_an_unfinished_last_one(
    output: io.StringIO, surroundings: Surroundings
) -> None:
    code = "import sys; print('one'); print('two', file=sys.stderr); print('x' * 100_000); print('end', end='')"
    assert asyncio.run(Child(python(code), surroundings).run_once()) == 0
    assert output.getvalue().splitlines() == [
        "sample    | one",
        "sample    | two",
        "sample    | " + "x" * 100_000,
        "sample    | end",
    ]


def test_bytes_that_are_not_utf_8_are_shown_not_lost(output: io.StringIO, surroundings: Surroundings) -> None:
    asyncio.run(Child(python(r"import sys; sys.stdout.buffer.write(b'a\xffb\n')"), surroundings).run_once())
    assert output.getvalue() == "sample    | a\ufffdb\n"


def test_a_process_that_ends_is_started_again_with_growing_pauses(
    output: io.StringIO, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "FIRST_PAUSE", 0.05)

    async def run_until_third_start() -> None:
        child = Child(python("print('started'); raise SystemExit(3)"), surroundings)
        running = asyncio.create_task(child.keep_running())
        await until_printed(output, "started", times=3)
        await child.stop()
        await running

    asyncio.run(run_until_third_start())
    messages = [line for line in output.getvalue().splitlines() if line.startswith("podium")]
    assert messages[:2] == [
        "podium    | sample has ended (exit code 3); next start in 0.05 s",
        "podium    | sample has ended (exit code 3); next start in 0.1 s",
    ]


PATIENT = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: (print('asked to end', flush=True), exit(0)))
print('up', flush=True)
while True: signal.pause()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


def stopped(program: Program, output: io.StringIO, surroundings: Surroundings) -> list[str]:
    async def run_and_stop() -> None:
        child = Child(program, surroundings)
        running = asyncio.create_task(child.keep_running())
        await until_printed(output, "up")
        await child.stop()
        await running

    asyncio.run(run_and_stop())
    return output.getvalue().splitlines()


def test_a_process_is_asked_to_end_before_it_is_killed(output: io.StringIO, surroundings: Surroundings) -> None:
    assert stopped(python(PATIENT), output, surroundings) == ["sample    | up", "sample    | asked to end"]


def test_a_process_that_does_not_end_in_time_is_killed(output: io.StringIO, surroundings: Surroundings) -> None:
    program = python(STUBBORN, seconds_to_stop=0.2)
    expected = ["sample    | up", "podium    | sample does not end: killing it"]
    assert stopped(program, output, surroundings) == expected


def test_what_a_process_leaves_behind_ends_with_it(surroundings: Surroundings) -> None:
    mark = f"left-behind-{os.getpid()}"
    code = f"import subprocess; subprocess.Popen(['/bin/sh', '-c', 'sleep 600; true', '{mark}']); print('up')"
    assert asyncio.run(Child(python(code), surroundings).run_once()) == 0
    assert wait_until(lambda: not pids_of(mark, executable="sh"), 10)


SUPERVISING = """
import asyncio, os, sys
from config.supervisor.child import Child, Surroundings
from config.supervisor.console import Console
from config.supervisor.guard import Guard
from config.supervisor.programs import Program
lock = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
code = '''
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nor does a worker end that can't say goodbye
if os.fork():
    print("up", sys.argv[1])
signal.pause()
'''
surroundings = Surroundings(Console(sys.stdout), {"PYTHONUNBUFFERED": "1"}, Guard(lock), lock)
asyncio.run(Child(Program("sample", ("-c", code, sys.argv[1]), 1), surroundings).run_once())
"""


def test_a_killed_supervisor_leaves_no_child_and_no_grandchild(tmp_path: Path) -> None:
    mark = f"orphan-{os.getpid()}"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, mark, str(tmp_path / "lock")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == f"sample    | up {mark}\n"
        assert len(pids_of(mark, executable="python")) == 3
        supervisor.kill()
    assert wait_until(lambda: pids_of(mark, executable="python") == [], 10)


def test_a_child_runs_without_a_guard_too_when_that_was_killed(
    output: io.StringIO, surroundings: Surroundings
) -> None:
    surroundings.guard.process.kill()
    assert asyncio.run(Child(python("import sys; print('up', sys.stdin.read())"), surroundings).run_once()) == 0
    assert output.getvalue() == "sample    | up \n"


KILLED_WHILE_STARTING = """
import asyncio, fcntl, os, signal, sys
from config.supervisor.child import Child, Surroundings
from config.supervisor.console import Console
from config.supervisor.guard import Guard
from config.supervisor.programs import Program
start = asyncio.create_subprocess_exec
async def start_and_be_killed(*command, **options):
    await start(*command, **options)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.create_subprocess_exec = start_and_be_killed
lock = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
code = "import signal, sys; print(sys.argv[1]); signal.pause()"
surroundings = Surroundings(Console(sys.stdout), {}, Guard(lock), lock)
asyncio.run(Child(Program("sample", ("-c", code, sys.argv[1]), 1), surroundings).run_once())
"""


def test_a_supervisor_killed_while_it_starts_a_child_does_not_leave_that_one(tmp_path: Path) -> None:
    mark = f"unborn-{os.getpid()}"
    command = [sys.executable, "-c", KILLED_WHILE_STARTING, mark, str(tmp_path / "lock")]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    with (tmp_path / "lock").open() as lock:
        assert wait_until(lambda: nobody_else_has(lock), 10)
    assert pids_of(mark, executable="python") == []


def nobody_else_has(file: IO[str]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
