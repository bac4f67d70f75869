"""What `make run` runs."""

import sys

import pytest

from config.supervisor.child import describe
from config.supervisor.programs import processes


def table() -> dict[str, tuple[str, ...]]:
    return {program.name: program.command for program in processes(host="::1", port=8010)}


def test_there_is_a_web_process_a_worker_a_beat_and_a_relay() -> None:
    assert list(table()) == ["web", "worker", "sender", "beat", "relay"]


def test_the_web_process_listens_where_it_is_told() -> None:
    command = table()["web"]
    assert command[:4] == (sys.executable, "-m", "uvicorn", "config.asgi:application")
    assert command[command.index("--host") + 1] == "::1"
    assert command[command.index("--port") + 1] == "8010"


def test_each_process_has_a_colour_and_a_kind_of_its_own() -> None:
    programs = processes(host="127.0.0.1", port=8000)
    assert len({program.colour for program in programs}) == len(programs)
    assert [program.environment["PODIUM_PROCESS"] for program in programs] == [program.name for program in programs]


@pytest.mark.parametrize(("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL")])
def test_an_exit_code_is_described(code: int, words: str) -> None:
    assert describe(code) == words
