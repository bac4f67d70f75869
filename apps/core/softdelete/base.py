"""The base classes of Podium's models. A soft-deleted model of an organization subclasses `OrganizationModel`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models
from django.db.models import F
from safedelete.models import SafeDeleteModel

from apps.core import clock
from apps.core.errors import Gone, StaleVersion
from apps.core.ids import new_id
from apps.core.softdelete.querysets import (
    AllManager,
    DeletedManager,
    LiveManager,
    OrganizationAllManager,
    OrganizationDeletedManager,
    OrganizationLiveManager,
)


class DeletedRow(Gone):
    """A deleted row was saved. django-safedelete would bring it back to life; Podium refuses."""

    code = "DELETED"
    title = "This was deleted"


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

    def _do_update(
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
        done: bool = super()._do_update(guarded, using, pk_val, counted, update_fields, forced_update)  # type: ignore[misc]
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


class SoftDeletedModel(VersionedModel, SafeDeleteModel):  # type: ignore[misc]
    """A model whose rows are never lost: a delete is a `Deletion`, which restores exactly what it took.

    `deletion_id` names the `Deletion` and `deleted_by` the person, as plain ids: the record outlives both.
    `deletion_parents` names the foreign keys (`CASCADE`) through which a delete reaches this model; by default every
    `CASCADE` key does. `personal_fields` names the fields that hold personal data, for erasure.
    """

    deleted_by_cascade = None
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_by = models.UUIDField(null=True, editable=False)
    deletion_id = models.UUIDField(null=True, editable=False)

    personal_fields: ClassVar[tuple[str, ...]] = ()

    objects = LiveManager()
    all_objects = AllManager()
    deleted_objects = DeletedManager()

    class Meta:
        abstract = True

    @property
    def is_deleted(self) -> bool:
        """Whether the row was deleted when it was read."""
        return self.deleted_at is not None

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

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        models.Model.save_base(self, *args, **kwargs)

    def delete(self, force_policy: int | None = None, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Soft-delete this row and what hangs below it, as one `Deletion`.

        Returns:
            rows deleted, and how many of which model.
        """
        del force_policy, kwargs  # Podium has one policy; rows go for good in a purge only
        from apps.core.softdelete.services import delete_object  # noqa: PLC0415 - models below services

        deletion = delete_object(root=self)
        self.deleted_at, self.deletion_id = deletion.created_at, deletion.pk
        self.deleted_by = deletion.deleted_by
        return sum(deletion.counts.values()), dict(deletion.counts)

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

    objects = OrganizationLiveManager()
    all_objects = OrganizationAllManager()
    deleted_objects = OrganizationDeletedManager()

    class Meta:
        abstract = True
