"""Accounts' tests count wrong passwords for themselves."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core import rates


@pytest.fixture(autouse=True)
def _own_counts(settings: Any) -> None:
    """Nothing is counted yet, and nothing is left behind for other tests."""
    settings.LIMITS_URL = "memory://"
    rates._limiter.cache_clear()
