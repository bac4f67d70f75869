"""One `make run` for each home, and a clear word where it can't start."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import ROOT
from config.supervisor.console import Console
from config.supervisor.instance import AlreadyRunningError, only_instance

HOLDING = """
import io, sys
from pathlib import Path
from config.supervisor.console import Console
from config.supervisor.instance import only_instance
with only_instance(Path(sys.argv[1]), "http://127.0.0.1:8000", Console(io.StringIO())):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(home: Path, *names: str) -> subprocess.Popen[str]:
    """A process that has the home; `names` end its command line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(home), *names],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_home_can_be_had_again_after_it_was_left(tmp_path: Path) -> None:
    console = Console(io.StringIO())
    for _ in range(2):
        with only_instance(tmp_path / "home", "http://127.0.0.1:8000", console):
            pass


def test_a_second_supervisor_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    with holder(tmp_path, "config.supervisor") as first:
        with (
            pytest.raises(AlreadyRunningError) as raised,
            only_instance(tmp_path, "http://127.0.0.1:8010", Console(io.StringIO())),
        ):
            pass
        assert str(raised.value).splitlines()[0] == (
            f"Podium runs from {tmp_path} already, at http://127.0.0.1:8000 (process {first.pid})."
        )
        first.communicate("")


def test_what_outlived_its_supervisor_is_waited_for(tmp_path: Path) -> None:
    output = io.StringIO()
    with holder(tmp_path) as left_over:

        class Telling(Console):
            def say(self, text: str) -> None:
                super().say(text)
                left_over.communicate("")

        with only_instance(tmp_path, "http://127.0.0.1:8000", Telling(output)):
            assert left_over.poll() == 0
    assert output.getvalue() == "podium    | Waiting for what an earlier run has left to end\n"


def test_a_port_that_is_taken_stops_the_start_before_anything_was_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = {**os.environ, "PODIUM_HOME": str(tmp_path), "PORT": str(port), "HOST": "127.0.0.1"}
        environ |= {"DATABASE_URL": "", "REDIS_URL": ""}
        done = subprocess.run(
            [sys.executable, "-m", "config.supervisor"],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"podium    | Port {port} of 127.0.0.1 can't be used: Address already in use.",
        f"podium    | Choose another one: PORT={port + 10} make run",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]


def test_a_variable_that_can_not_be_read_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.supervisor"],
        cwd=ROOT,
        env={**os.environ, "PODIUM_HOME": str(tmp_path), "PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "podium    | PORT must be a port from 1 to 65535, not 'eighty'. It means: Port that `make run` listens on.\n"
    )
