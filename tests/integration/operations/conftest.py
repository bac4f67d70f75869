"""Files of a test go to a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

FILES = "django.core.files.storage.FileSystemStorage"


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> Path:
    """Where uploads go."""
    folder = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": FILES, "OPTIONS": {"location": str(folder)}}}
    return folder
