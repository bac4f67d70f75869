"""Datasets and their immutable versions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.core.access import Capability
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index, unique_live
from apps.core.softdelete.frozen import FrozenColumns


class Dataset(OrganizationModel):
    """A named table that grows by versions."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, db_index=False)
    description = models.TextField(blank=True, max_length=10_000)
    tags = models.JSONField(default=list, blank=True)
    owner_id = models.UUIDField(null=True, editable=False)
    # of its newest version, purged ones included: a number is never used again
    last_number = models.PositiveIntegerField(default=0, editable=False)

    deletion_capability: ClassVar[Capability] = Capability.MANAGE_DATA
    silent_fields: ClassVar[tuple[str, ...]] = ("last_number",)
    impersonal_fields: ClassVar[tuple[str, ...]] = ("name", "description", "tags")

    class Meta:
        ordering = ["-id"]
        constraints = [unique_live("organization", "slug", name="dataset_slug_unique")]
        indexes = [
            # the list, newest first
            live_index("organization", "-id", name="dataset_list"),
        ]

    def __str__(self) -> str:
        return self.name


# What a version is: written once. Who made it and what they said about it can be erased.
CONTENT_COLUMNS = (
    "organization_id",
    "dataset_id",
    "number",
    "content_hash",
    "storage_key",
    "size",
    "row_count",
    "columns",
    "dialect",
)


class DatasetVersion(OrganizationModel):
    """One state of a dataset's data; its content never changes.

    `content_hash` is SHA-256 of the stored bytes in hexadecimal, `size` their number; `columns` lists
    `{"name", "type", "nullable"}` in order; `dialect` holds the file's `encoding` and `delimiter`.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(editable=False)
    content_hash = models.CharField(max_length=64, editable=False)
    storage_key = models.CharField(max_length=300, editable=False)
    size = models.PositiveBigIntegerField(editable=False)
    row_count = models.PositiveBigIntegerField(editable=False)
    columns = models.JSONField(default=list, editable=False)
    dialect = models.JSONField(default=dict, editable=False)
    filename = models.CharField(max_length=255, blank=True, editable=False)
    message = models.CharField(max_length=500, blank=True)
    created_by = models.UUIDField(null=True, editable=False)

    deletion_capability: ClassVar[Capability] = Capability.MANAGE_DATA
    impersonal_fields: ClassVar[tuple[str, ...]] = (
        "content_hash",
        "storage_key",
        "columns",
        "dialect",
        "filename",
        "message",
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            # counts deleted versions too; `Dataset.last_number` counts those that are purged
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number_unique"),
            FrozenColumns(name="dataset_version_content_frozen", columns=CONTENT_COLUMNS),
        ]
        indexes = [
            live_index("organization", "-id", name="dataset_version_list"),
            # a dataset's history; its cascade
            live_index("dataset", "-number", name="dataset_version_of_dataset"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id} v{self.number}"
