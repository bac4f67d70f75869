"""The base classes of Podium's models. A soft-deleted model of an organization subclasses `OrganizationModel`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import F
from safedelete.models import SafeDeleteModel

from apps.core import clock
from apps.core.access import Capability
from apps.core.errors import StaleVersion
from apps.core.ids import new_id
from apps.core.softdelete.errors import DeletedRow
from apps.core.softdelete.fields import DeletionIdField
from apps.core.softdelete.querysets import (
    AllManager,
    DeletedManager,
    LiveManager,
    OrganizationAllManager,
    OrganizationDeletedManager,
    OrganizationLiveManager,
)
from apps.core.softdelete.services.deleting import delete_object

__all__ = ["DeletedRow", "OrganizationModel", "SoftDeletedModel", "VersionedModel"]


class VersionedModel(models.Model):
    """UUIDv7 key, times, and a version that every write counts up and `save()` checks.

    `save()` runs `UPDATE … WHERE id = … AND version = …`: of two writers that read the same row, the second gets
    `StaleVersion`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if not self._state.adding:
            self.updated_at = clock.now()
            if update_fields is not None:
                update_fields = {*update_fields, "updated_at", "version"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def _do_update(  # type: ignore[override]  # the stubs describe a later Django
        self,
        base_qs: models.QuerySet[Any],
        using: str | None,
        pk_val: Any,
        values: list[Any],
        update_fields: Iterable[str] | None,
        forced_update: bool,
    ) -> bool:
        """Django's own hook for the `UPDATE` of `save()`: compare the version and count it up."""
        guarded = self._guard(base_qs)
        counted = [
            (field, model, F("version") + 1 if field.name == "version" else value) for field, model, value in values
        ]
        update: Any = super()._do_update
        done: bool = update(guarded, using, pk_val, counted, update_fields, forced_update)
        if not done:
            raise StaleVersion(
                f"This {self._meta.verbose_name} was changed or deleted after version {self.version} was read. "
                "Read it again and repeat the change."
            )
        self.version += 1
        return done

    def _guard(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Narrow the `UPDATE` of `save()` to the row as it was read."""
        return queryset.filter(version=self.version)


class SoftDeletedModel(VersionedModel, SafeDeleteModel):
    """A model whose rows are never lost: a delete is a `Deletion`, which restores exactly what it took.

    `deletion_id` names the `Deletion` and `deleted_by` the person, as plain ids: the record outlives both. A delete
    reaches a model by its `CASCADE` keys. `deletion_capability` is what a role needs to delete rows of this model,
    and to undo its own deletes. `personal_fields` names the fields that hold personal data, for erasure. History says
    of `masked_fields` (secrets) only that they changed, and of `silent_fields` nothing. `stays_when` names cascade
    keys with a condition (SQL, the row is `{row}`) under which a row is not taken along, and lives on below a deleted
    parent.
    """

    deleted_by_cascade = None
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_by = models.UUIDField(null=True, editable=False)
    deletion_id = DeletionIdField(null=True, editable=False)

    deletion_capability: ClassVar[Capability] = Capability.ORGANIZE
    personal_fields: ClassVar[tuple[str, ...]] = ()
    impersonal_fields: ClassVar[tuple[str, ...]] = ()
    masked_fields: ClassVar[tuple[str, ...]] = ()
    silent_fields: ClassVar[tuple[str, ...]] = ()
    stays_when: ClassVar[Mapping[str, str]] = {}

    objects = LiveManager()  # type: ignore[misc]
    all_objects = AllManager()  # type: ignore[misc, assignment]
    deleted_objects = DeletedManager()  # type: ignore[misc, assignment]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a live row.

        Raises:
            DeletedRow: the row is deleted; restore its `Deletion` first.
            StaleVersion: the row was changed or deleted since it was read.
        """
        kwargs.pop("keep_deleted", None)
        if self.deleted_at is not None:
            raise DeletedRow(f"This {self._meta.verbose_name} was deleted. Restore it before changing it.")
        VersionedModel.save(self, *args, **kwargs)

    def delete(  # type: ignore[override]
        self, force_policy: int | None = None, **kwargs: Any
    ) -> tuple[int, dict[str, int]]:
        """Soft-delete this row and what hangs below it, as one `Deletion`.

        Returns:
            rows deleted, and how many of which model.
        """
        del force_policy, kwargs  # Podium has one policy; rows go for good in a purge only
        deletion = delete_object(root=self)
        self.deleted_at, self.deletion_id = deletion.created_at, deletion.pk
        self.deleted_by = deletion.deleted_by
        self.version += 1
        return sum(deletion.counts.values()), dict(deletion.counts)

    @property
    def is_deleted(self) -> bool:
        """Whether the row was deleted when it was read."""
        return self.deleted_at is not None

    def undelete(self, force_policy: int | None = None, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: rows come back by restoring their `Deletion`."""
        raise TypeError("Restore the row's Deletion instead: apps.core.softdelete.services.restore_deletion().")

    def _guard(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return super()._guard(queryset).filter(deleted_at__isnull=True)


class OrganizationModel(SoftDeletedModel):
    """A soft-deleted row of one organization. Its queries raise outside a scope (`apps.core.tenancy`)."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )

    objects = OrganizationLiveManager()  # type: ignore[misc]
    all_objects = OrganizationAllManager()  # type: ignore[misc]
    deleted_objects = OrganizationDeletedManager()  # type: ignore[misc]

    class Meta:
        abstract = True
