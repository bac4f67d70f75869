"""Writes about datasets: what they hold, and the bytes of it."""

from apps.datasets.services.content import (
    Upload,
    open_content,
    read_upload,
    refuse_too_large,
    remove_unused_content,
)
from apps.datasets.services.versions import add_version, create_dataset

__all__ = [
    "Upload",
    "add_version",
    "create_dataset",
    "open_content",
    "read_upload",
    "refuse_too_large",
    "remove_unused_content",
]
