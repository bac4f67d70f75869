"""Each test's files go to a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _files(media: Path) -> None:
    """Uploads go there."""
