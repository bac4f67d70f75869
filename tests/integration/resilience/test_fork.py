"""After `fork` a child has its own name, locks, threads and connections, and counts nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.resilience.valkey_process import ValkeyProcess

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def said(valkey: ValkeyProcess) -> Any:
    command = [sys.executable, "-m", "tests.integration.resilience.forking", valkey.url]
    environment = {**os.environ, "LOG_LEVEL": "CRITICAL"}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=110, check=True
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_a_child_begins_with_nothing_of_its_parents(said: Any) -> None:
    assert said == {
        "counts": {"names_differ": True, "threads": [1, 3], "told": 12},
        "locks_held": {"answers": [False, False], "waiting": 0, "written": 0},
        "round_under_way": {"at_work": False, "called": False},
        "write_under_way": {"at_work": False, "called": False},
    }
