"""Each benchmark runs from its first figure to its last on a little data, so that none of them rots unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from config.env import ROOT
from tests.benchmarks.__main__ import FOLDER, PREFIX

NAMES = sorted(path.stem.removeprefix(PREFIX) for path in FOLDER.glob(f"{PREFIX}*.py"))
SERVICES = {"DATABASE_URL", "REDIS_URL", "PODIUM_HOME"}  # it has its own: it empties tables


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_prints_its_figures(name: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in SERVICES}
    environment |= {"ROUNDS": "1", "SCALE": "0.01"}

    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", name],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    figures = [json.loads(line) for line in run.stdout.splitlines() if line.startswith('{"benchmark"')]
    assert figures != []
    assert all(figure["ratio"] > 0 and figure["rounds"] >= 1 for figure in figures)
