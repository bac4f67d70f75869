"""Datasets in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from unfold.admin import TabularInline

from apps.core.access import Capability
from apps.core.softdelete.admin import OrganizationOwnedAdmin, SoftDeleteAdmin, access_of
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.selectors import with_current_version


class VersionInline(TabularInline):  # type: ignore[misc]
    """A dataset's history; versions are made by uploads."""

    model = DatasetVersion
    verbose_name_plural = "Versions"
    fields = ["number", "row_count", "kilobytes", "filename", "message", "created_at"]
    readonly_fields = fields
    ordering = ["-number"]
    extra = 0
    can_delete = False
    show_change_link = True
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).allows(Capability.VIEW, obj)

    @admin.display(description="Size")
    def kilobytes(self, version: DatasetVersion) -> str:
        """For people."""
        return filesizeformat(version.size)


@admin.register(Dataset)
class DatasetAdmin(OrganizationOwnedAdmin):
    """Named tables."""

    capability = Capability.MANAGE_DATA
    list_display = ["name", "slug", "versions", "rows", "created_at", "updated_at"]
    search_fields = ["name", "slug", "description"]
    ordering = ["-id"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "description", "tags", "created_at", "updated_at"]
    readonly_fields = ["created_at", "updated_at"]
    inlines = [VersionInline]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Dataset]:
        return with_current_version(super().get_queryset(request))

    @admin.display(description="Versions", ordering="version_count")
    def versions(self, dataset: Any) -> int:
        """How many live ones there are."""
        count: int = dataset.version_count
        return count

    @admin.display(description="Rows")
    def rows(self, dataset: Any) -> str:
        """Of the newest version."""
        return f"{dataset.current['row_count']:,}" if dataset.current else ""


@admin.register(DatasetVersion)
class DatasetVersionAdmin(SoftDeleteAdmin):
    """Versions: looked at, deleted and restored here, made by uploads, never changed."""

    capability = Capability.MANAGE_DATA
    list_display = ["dataset", "number", "row_count", "column_count", "filename", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "filename", "message", "content_hash"]
    ordering = ["-id"]
    fields = ["dataset", "number", "row_count", "size", "columns", "dialect", "content_hash", "filename", "message"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="Columns")
    def column_count(self, version: DatasetVersion) -> int:
        """How many there are."""
        return len(version.columns)
