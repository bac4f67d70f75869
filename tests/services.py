"""The PostgreSQL and the Valkey of one test run, and what else tests need before Django is set up.

tests/conftest.py calls `prepare` at its top: a conftest further down may import models, and pytest loads it before
any hook of ours could have started what the settings of these models name. Runs of tests/unit and
tests/architecture alone get no service at all.
"""

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import django
import pytest

from config.env import ROOT
from config.local_services import LocalServices, export_services

WITHOUT_SERVICES: Final = (ROOT / "tests" / "unit", ROOT / "tests" / "architecture")
RUNS_NOTHING: Final = {"-h", "--help", "--version", "--collect-only", "--co", "--fixtures", "--markers"}
HOMES: Final = Path(tempfile.gettempdir(), f"podium-tests-{os.geteuid()}")
SECONDS_TO_START: Final = 60

REQUIRE_ALL: Final = "PODIUM_REQUIRE_ALL"
MAY_SKIP: Final = ("../shared", "only root")  # data that a clone doesn't have; CI that is an ordinary user


def prepare() -> None:
    """Start what the run needs, put it into the environment, and set Django up.

    Workers of pytest-xdist inherit the environment of the process that started them.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ and needs_services(sys.argv[1:]):
        _start_services()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()


def needs_services(arguments: Iterable[str]) -> bool:
    """Whether pytest, called like this, runs a test that is not a unit or an architecture test."""
    if RUNS_NOTHING.intersection(arguments):
        return False
    named = [Path(argument.partition("::")[0]).absolute() for argument in arguments if argument[:1] != "-"]
    chosen = [path for path in named if path.exists() and path.is_relative_to(ROOT)]
    return not chosen or any(not _is_below(path, WITHOUT_SERVICES) for path in chosen)


def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Give each worker a Valkey database and a home of its own; pytest-django does so for PostgreSQL."""
    for number, spec in enumerate(specs, start=1):
        if redis_url := os.environ.get("REDIS_URL"):
            spec.env["REDIS_URL"] = urlsplit(redis_url)._replace(path=f"/{number}").geturl()
        if home := os.environ.get("PODIUM_HOME"):
            spec.env["PODIUM_HOME"] = f"{home}/worker-{number}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must run, as in CI, a test that skips itself has failed."""
    report = yield
    if not os.environ.get(REQUIRE_ALL) or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(allowed in reason for allowed in MAY_SKIP):
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_ALL} is set, but this test did not run. {reason}"
    return report


def _start_services() -> None:
    _remove_what_killed_runs_left()
    HOMES.mkdir(mode=0o700, exist_ok=True)
    if HOMES.is_symlink() or HOMES.stat().st_uid != os.geteuid():
        raise PermissionError(f"{HOMES} belongs to somebody else: remove it, or set TMPDIR")
    home = Path(tempfile.mkdtemp(prefix="run-", dir=HOMES))
    os.environ["PODIUM_HOME"] = str(home)
    local = LocalServices(home, durable=False)
    atexit.register(_destroy, local, home, os.getpid())
    export_services(local)


def _destroy(local: LocalServices, home: Path, owner: int) -> None:
    if os.getpid() == owner:
        local.destroy()
        shutil.rmtree(home, ignore_errors=True)


def _remove_what_killed_runs_left() -> None:
    for home in HOMES.glob("run-*"):
        with contextlib.suppress(FileNotFoundError):  # its own run has just removed it
            is_starting = time.time() - home.stat().st_mtime < SECONDS_TO_START
            if not is_starting and LocalServices(home).destroy_if_unused():
                shutil.rmtree(home, ignore_errors=True)


def _is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
