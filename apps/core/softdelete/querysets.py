"""Querysets and managers of Podium's models: live rows of the organization in scope, versions that count up."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.db.models import F
from safedelete.config import DELETED_ONLY_VISIBLE, DELETED_VISIBLE
from safedelete.managers import SafeDeleteManager
from safedelete.queryset import SafeDeleteQueryset

from apps.core.tenancy import require_scope

M = TypeVar("M", bound=models.Model)


class VersionedQuerySet(models.QuerySet[M]):
    """Each bulk `UPDATE` counts the version up, so that ETags notice it."""

    def update(self, **kwargs: Any) -> int:
        kwargs.setdefault("version", F("version") + 1)
        return super().update(**kwargs)


class LiveQuerySet(SafeDeleteQueryset, VersionedQuerySet[M]):  # type: ignore[misc]
    """Live rows only. A bulk delete is one `Deletion` a root row, done set by set."""

    def delete(self, force_policy: int | None = None) -> tuple[int, dict[str, int]]:
        """Soft-delete every row of this queryset through the deletion service.

        Returns:
            rows deleted, and how many of which model.
        """
        del force_policy  # Podium has one policy; rows go for good in a purge only
        from apps.core.softdelete.services import delete_rows  # noqa: PLC0415 - models below services

        return delete_rows(self)

    def undelete(self, force_policy: int | None = None) -> tuple[int, dict[str, int]]:
        """Refuse: rows come back by restoring their `Deletion`."""
        raise TypeError("Restore the rows' Deletion instead: apps.core.softdelete.services.restore_deletion().")


class LiveManager(SafeDeleteManager):  # type: ignore[misc]
    """Live rows."""

    _queryset_class = LiveQuerySet


class AllManager(LiveManager):
    """Live and deleted rows."""

    _safedelete_visibility = DELETED_VISIBLE


class DeletedManager(LiveManager):
    """Deleted rows."""

    _safedelete_visibility = DELETED_ONLY_VISIBLE


class _Scoped:
    """Adds the scope's organization to each query of a manager."""

    model: type[models.Model]

    def get_queryset(self) -> Any:
        scope = require_scope(self.model.__name__)
        queryset = super().get_queryset()  # type: ignore[misc]
        if scope.organization_id is None:
            return queryset
        return queryset.filter(organization_id=scope.organization_id)


class OrganizationManager(_Scoped, models.Manager.from_queryset(VersionedQuerySet)):  # type: ignore[misc]
    """Rows of the organization in scope, of models that are not soft-deleted."""


class OrganizationLiveManager(_Scoped, LiveManager):
    """Live rows of the organization in scope."""


class OrganizationAllManager(_Scoped, AllManager):
    """Live and deleted rows of the organization in scope."""


class OrganizationDeletedManager(_Scoped, DeletedManager):
    """Deleted rows of the organization in scope."""
