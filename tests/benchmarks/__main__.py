"""`python -m tests.benchmarks NAME…`: one JSON line a figure; without names, every benchmark.

A run has services and a database of its own. `ROUNDS`, `SCALE` and `COMPARE=1` come from the environment.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from config.local_services import LocalServices, export_services
from tests.benchmarks.figures import Figure, committed_ratios, is_worse, rounds_and_scale

FOLDER = Path(__file__).parent
PREFIX = "bench_"


def main(names: list[str]) -> int:
    """Run these benchmarks; 2 where one of them is not there."""
    known = sorted(path.stem.removeprefix(PREFIX) for path in FOLDER.glob(f"{PREFIX}*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    with _services(), _database():
        for name in names or known:
            for figure in _run(name):
                print(figure.line(), flush=True)
    return 0


def _run(name: str) -> Iterator[Figure]:
    rounds, scale = rounds_and_scale()
    committed = committed_ratios() if os.environ.get("COMPARE") else {}
    for figure in importlib.import_module(f"tests.benchmarks.{PREFIX}{name}").run(rounds, scale):
        yield figure
        before = committed.get((figure.benchmark, figure.figure))
        if before is not None and is_worse(figure, before):
            print(f"WORSE {name}/{figure.figure}: {figure.ratio:.3g}, committed {before:.3g}", file=sys.stderr)


@contextmanager
def _services() -> Iterator[None]:
    """PostgreSQL and Valkey for this run alone, unless their URLs are given."""
    home = Path(tempfile.mkdtemp(prefix="podium-bench-"))
    local = LocalServices(home, durable=False)
    os.environ["PODIUM_HOME"] = str(home)
    try:
        export_services(local)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"  # whatever `config` has set by default
        django.setup()
        yield
    finally:
        local.destroy()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _database() -> Iterator[None]:
    """A database of its own, removed at the end."""
    from django.db import connection  # noqa: PLC0415 - settings name the services, which run only now

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
