"""`make bench` runs from its first figure to its last, on a little data, so that no benchmark rots unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from config.env import ROOT
from tests.benchmarks.__main__ import FOLDER, PREFIX

SERVICES = {"DATABASE_URL", "REDIS_URL", "PODIUM_HOME"}  # benchmarks have their own: they empty tables


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_benchmark_prints_figures() -> None:
    environment = {key: value for key, value in os.environ.items() if key not in SERVICES}
    environment |= {"ROUNDS": "1", "SCALE": "0.01"}

    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks"],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    figures = [json.loads(line) for line in run.stdout.splitlines() if line.startswith('{"benchmark"')]
    modules = {path.stem.removeprefix(PREFIX) for path in FOLDER.glob(f"{PREFIX}*.py")}
    assert modules - {"policy_http"} <= {figure["benchmark"] for figure in figures}  # that one adds to `breaker`
    assert "policy_http" in {figure["figure"] for figure in figures}
    assert all(figure["ratio"] > 0 for figure in figures)
