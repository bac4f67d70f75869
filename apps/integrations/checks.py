"""What stops Podium from starting with a storage that can't work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

NOT_ABSOLUTE = Error(
    "STORAGE_URL names a folder that is not absolute.",
    hint="Write file:///var/lib/podium, with three slashes.",
    id="integrations.E001",
)
NO_BUCKET = Error(
    "STORAGE_URL names no bucket.",
    hint="Write s3://bucket or s3://bucket/prefix, and give the keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    id="integrations.E003",
)


@register()
def storage_can_work(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Look at `STORAGE_URL` without touching a network."""
    del app_configs, kwargs
    parts = urlsplit(settings.STORAGE_URL)
    if parts.scheme == "s3":
        return [] if parts.netloc else [NO_BUCKET]
    if parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        return [NOT_ABSOLUTE]
    return _check_folder(Path(parts.path or settings.PODIUM_HOME / "media"))


def _check_folder(folder: Path) -> list[CheckMessage]:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"Podium can't write files to {str(folder)!r}.",
            hint=f"Let the user that runs Podium write to {str(nearest)!r}, or set STORAGE_URL to another folder.",
            id="integrations.E002",
        )
    ]
