"""After `fork` a child has its own name, threads and connections, and counts nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.resilience.valkey_process import ValkeyProcess

ROOT = Path(__file__).resolve().parents[3]


def test_a_child_joins_by_itself_and_counts_only_its_own_calls(valkey: ValkeyProcess) -> None:
    command = [sys.executable, "-m", "tests.integration.resilience.forking", valkey.url]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    said = json.loads(run.stdout.splitlines()[-1])
    assert said == {"names_differ": True, "threads": [1, 3], "told": 12}
