"""Querysets that count versions up, and managers that keep to the organization in scope."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.db.models import F

from apps.core.tenancy import require_scope

M = TypeVar("M", bound=models.Model)


class VersionedQuerySet(models.QuerySet[M]):
    """Each bulk `UPDATE` counts the version up, so that ETags notice it."""

    def update(self, **kwargs: Any) -> int:
        kwargs.setdefault("version", F("version") + 1)
        return super().update(**kwargs)


class Scoped:
    """Adds the scope's organization to each query of a manager."""

    model: type[models.Model]

    def get_queryset(self) -> Any:
        scope = require_scope(self.model.__name__)
        queryset = super().get_queryset()  # type: ignore[misc]
        if scope.organization_id is None:
            return queryset
        return queryset.filter(organization_id=scope.organization_id)


class OrganizationManager(Scoped, models.Manager.from_queryset(VersionedQuerySet)):  # type: ignore[misc]
    """Rows of the organization in scope, of models that are not soft-deleted."""


class ScopedManager(Scoped, models.Manager):  # type: ignore[type-arg]
    """Rows of the organization in scope, of models without a version."""
