"""One line of history."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now

from apps.core.audit.append_only import AppendOnly
from apps.core.versions import OrganizationManager


class AuditAction(models.TextChoices):
    """What happened to a row, or by a cascade to the rows of a table."""

    CREATED = "created", "Created"
    CHANGED = "changed", "Changed"
    DELETED = "deleted", "Deleted"
    RESTORED = "restored", "Restored"
    PURGED = "purged", "Purged"


class Setting(Func):
    """A setting of the current transaction as a column's default, NULL where nobody made it."""

    template = "NULLIF(current_setting('podium.%(name)s', true), '')%(cast)s"

    def __init__(self, name: str, cast: str = "", **extra: Any) -> None:
        super().__init__(name=name, cast=cast, **extra)


class SessionUser(Func):
    """Who is connected to the database."""

    template = "session_user"


class AuditRecord(models.Model):
    """A row that was created, changed or removed, or the rows of one table that a deletion took or gave back.

    Triggers write it, so that bulk updates and raw SQL are in it too; nobody else does. `old` and `new` hold the
    content columns that differ. A cascade has `deletion_id` and `count`, and no `row_id`; where rows came back or
    went for good, `row_ids` names them and `deleted_at` says since when they were deleted. Where no person acted,
    `database_user` says who was connected.
    """

    id = models.BigAutoField(primary_key=True)
    organization_id = models.UUIDField(null=True, db_default=Setting("organization_id", "::uuid"), editable=False)
    model = models.CharField(max_length=100, editable=False)
    row_id = models.UUIDField(null=True, editable=False)
    action = models.CharField(max_length=10, choices=AuditAction.choices, editable=False)
    old = models.JSONField(null=True, editable=False)
    new = models.JSONField(null=True, editable=False)
    deletion_id = models.UUIDField(null=True, editable=False)
    count = models.PositiveIntegerField(db_default=1, editable=False)
    row_ids = ArrayField(models.UUIDField(), null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    actor_id = models.UUIDField(null=True, db_default=Setting("actor_id", "::uuid"), editable=False)
    correlation_id = models.CharField(max_length=64, null=True, db_default=Setting("correlation_id"), editable=False)  # noqa: DJ001 - a default can't be an expression and blank
    database_user = models.CharField(max_length=63, db_default=SessionUser(), editable=False)

    objects = OrganizationManager()
    of_all_organizations = models.Manager["AuditRecord"]()

    class Meta:
        constraints = [AppendOnly(name="audit_append_only")]
        indexes = [
            # the history of one thing
            models.Index(fields=["row_id", "id"], name="audit_of_row"),
            # the history of an organization, newest first
            models.Index(fields=["organization_id", "-id"], name="audit_list"),
            # what a deletion did, table by table
            models.Index(fields=["deletion_id"], name="audit_of_deletion", condition=Q(deletion_id__isnull=False)),
            # which rows were deleted at some time in the past, and are no longer
            models.Index(
                fields=["organization_id", "model", "at"], name="audit_of_rows", condition=Q(row_ids__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.action}"
