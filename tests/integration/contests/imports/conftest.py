"""An organization to import into, and the real competitions where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.accounts.models import Organization

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "isu"


@pytest.fixture
def organization() -> Organization:
    """A skating union."""
    return Organization.objects.create(name="Skating Union", slug="skating-union")


@pytest.fixture
def isu_folder() -> Path:
    """The folder of the five competitions; skips where it is missing."""
    if not FOLDER.is_dir():
        pytest.skip(f"the ISU score sheets are not beside the repository ({FOLDER.name} is missing)")
    return FOLDER
