"""The record of a delete."""

from __future__ import annotations

from django.db import models

from apps.core import clock
from apps.core.ids import new_id
from apps.core.versions import OrganizationManager, VersionedQuerySet


class DeletionState(models.TextChoices):
    """Where a deletion stands."""

    DELETED = "deleted", "In the recycle bin"
    RESTORED = "restored", "Restored"
    PURGING = "purging", "Being purged"
    PURGED = "purged", "Purged"


class Deletion(models.Model):
    """One delete: what went, who took it and why, until when it can come back.

    It holds plain ids and no foreign keys, since it outlives the people and things in it. `counts` maps a model's
    label (`contests.score`) to rows taken. `organization_id` is None for a platform deletion (a user).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    root_model = models.CharField(max_length=100, editable=False)
    root_id = models.UUIDField(editable=False)
    root_label = models.CharField(max_length=300, editable=False)
    state = models.CharField(
        max_length=10, choices=DeletionState.choices, default=DeletionState.DELETED, editable=False
    )
    counts = models.JSONField(default=dict, editable=False)
    reason = models.CharField(max_length=1000, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    deleted_by = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    legal_hold = models.BooleanField(default=False)
    restored_at = models.DateTimeField(null=True, editable=False)
    restored_by = models.UUIDField(null=True, editable=False)
    purged_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OrganizationManager()
    of_all_organizations = models.Manager.from_queryset(VersionedQuerySet)()

    class Meta:
        indexes = [
            # the recycle bin's list, newest first
            models.Index(fields=["organization_id", "-created_at", "-id"], name="deletion_bin"),
            # which deletion took this thing
            models.Index(fields=["root_model", "root_id"], name="deletion_root"),
            # the retention sweep
            models.Index(
                fields=["expires_at"],
                name="deletion_due",
                condition=models.Q(state="deleted", legal_hold=False),
            ),
        ]

    def __str__(self) -> str:
        return self.root_label
