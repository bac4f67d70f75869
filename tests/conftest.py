"""What every test shares: markers by folder, a clean context, a clock to turn."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from apps.core import clock
from apps.core.tenancy import current_scope, enter_scope
from tests.services import prepare, pytest_runtest_makereport, pytest_xdist_setupnodes
from tests.transactions import refuse_to_count_on_a_test

__all__ = ["pytest_runtest_makereport", "pytest_xdist_setupnodes"]

prepare()  # now: the conftests further down import models

TESTS = Path(__file__).parent

# A slow machine is no reason to fail; the same examples on every run are a reason to trust a red one.
hypothesis_settings.register_profile(
    "podium", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
hypothesis_settings.load_profile("podium")
SLOW_FOLDERS = {"e2e", "benchmarks"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder sets the marker: unit, integration (with a database), slow.

    Tests in the town are made from the table of routes: they pass by all code and look closely at little of it. So
    they cover nothing, and tracing them would take a minute.
    """
    for item in items:
        folder = Path(item.path).relative_to(TESTS).parts[0]
        if folder == "unit":
            item.add_marker(pytest.mark.unit)
        elif folder == "integration":
            item.add_marker(pytest.mark.integration)
        elif folder == "contract":
            item.add_marker(pytest.mark.contract)
        elif folder in SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)
        if "whole_town" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: looking through all of it for garbage, again and again, takes time."""
    gc.collect()
    gc.freeze()


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
        self.ticks = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, on both hands."""
        self.time += timedelta(seconds=seconds)
        self.ticks += seconds


@pytest.fixture
def fake_clock() -> Iterator[FakeClock]:
    """Podium's time stands still; `advance(seconds)` moves it."""
    fake = FakeClock()
    previous = clock.install(fake)
    yield fake
    clock.install(previous)


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    """The folder that uploads go to, this test's own; their circuit stays before it."""
    folder = tmp_path / "media"
    files = settings.STORAGES["files"] | {"OPTIONS": {"location": str(folder)}}
    settings.STORAGES = settings.STORAGES | {"files": files}
    return folder


@pytest.fixture(autouse=True)
def _no_scope_is_left_behind() -> Iterator[None]:
    """Each test starts outside any organization."""
    enter_scope(None)
    yield
    if current_scope() is not None:
        enter_scope(None)


@pytest.fixture(autouse=True)
def _only_tests_have_a_transaction(request: pytest.FixtureRequest) -> Iterator[None]:
    """Code that counts on a transaction opens one."""
    if "integration" not in request.keywords:
        yield
        return
    with connection.execute_wrapper(refuse_to_count_on_a_test):
        yield
