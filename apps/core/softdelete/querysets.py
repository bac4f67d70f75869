"""Querysets and managers of soft-deleted models: live rows, of the organization in scope."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from safedelete.config import DELETED_ONLY_VISIBLE, DELETED_VISIBLE
from safedelete.managers import SafeDeleteManager
from safedelete.queryset import SafeDeleteQueryset

from apps.core.softdelete.services.deleting import delete_rows
from apps.core.versions import OrganizationManager, Scoped, VersionedQuerySet

M = TypeVar("M", bound=models.Model)


class LiveQuerySet(SafeDeleteQueryset, VersionedQuerySet[M]):
    """Live rows only. A bulk delete is one `Deletion` a root row, done set by set."""

    def update(self, **kwargs: Any) -> int:
        """Update the rows that this queryset shows; django-safedelete skips deleted ones that it shows, silently."""
        queryset: Any = self._clone()  # type: ignore[attr-defined]
        query: Any = queryset.query
        if query._safedelete_force_visibility is None:  # noqa: SLF001 - django-safedelete offers no other way
            query._safedelete_force_visibility = getattr(query, "_safedelete_visibility", None)  # noqa: SLF001
        query._filter_visibility()  # noqa: SLF001
        return VersionedQuerySet.update(queryset, **kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self, force_policy: int | None = None) -> tuple[int, dict[str, int]]:
        """Soft-delete every row of this queryset through the deletion service.

        Returns:
            rows deleted, and how many of which model.
        """
        del force_policy  # Podium has one policy; rows go for good in a purge only
        return delete_rows(self)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def undelete(self, force_policy: int | None = None) -> tuple[int, dict[str, int]]:
        """Refuse: rows come back by restoring their `Deletion`."""
        raise TypeError("Restore the rows' Deletion instead: apps.core.softdelete.services.restore_deletion().")


class LiveManager(SafeDeleteManager):
    """Live rows."""

    _queryset_class = LiveQuerySet

    def update_or_create(self, defaults: Any = None, create_defaults: Any = None, **kwargs: Any) -> Any:
        """Django's own; django-safedelete's brings a deleted row with these values back to life."""
        return super(SafeDeleteManager, self).update_or_create(defaults, create_defaults, **kwargs)


class AllManager(LiveManager):
    """Live and deleted rows."""

    _safedelete_visibility = DELETED_VISIBLE


class DeletedManager(LiveManager):
    """Deleted rows."""

    _safedelete_visibility = DELETED_ONLY_VISIBLE


class OrganizationLiveManager(Scoped, LiveManager):
    """Live rows of the organization in scope."""


class OrganizationAllManager(Scoped, AllManager):
    """Live and deleted rows of the organization in scope."""


class OrganizationDeletedManager(Scoped, DeletedManager):
    """Deleted rows of the organization in scope."""


__all__ = [
    "AllManager",
    "DeletedManager",
    "LiveManager",
    "LiveQuerySet",
    "OrganizationAllManager",
    "OrganizationDeletedManager",
    "OrganizationLiveManager",
    "OrganizationManager",
    "VersionedQuerySet",
]
