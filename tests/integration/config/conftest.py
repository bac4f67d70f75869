"""Homes that leave nothing behind."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.local_services import LocalServices


@pytest.fixture
def services_of() -> Iterator[Callable[[Path], LocalServices]]:
    """Make users of a home's services; at the end, every home is emptied and its servers are stopped."""
    with contextlib.ExitStack() as stack:
        homes: set[Path] = set()

        def make(home: Path) -> LocalServices:
            if home not in homes:
                homes.add(home)
                stack.callback(lambda: LocalServices(home).destroy())
            local = LocalServices(home, durable=False)
            stack.callback(local.release)
            return local

        yield make


@pytest.fixture
def home(tmp_path: Path, services_of: Callable[[Path], LocalServices]) -> Path:
    """A new PODIUM_HOME."""
    services_of(tmp_path / "home")
    return tmp_path / "home"
