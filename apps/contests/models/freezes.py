"""The public board, kept as it stood."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.contests.models.structure import Contest
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index


class BoardFreeze(OrganizationModel):
    """The public board as it stood when it was frozen, and stays until the freeze is lifted.

    `document` is the board as the public gets it, without names: those are read from the contestants each time, so
    that erasing a person needs no search through boards.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="freezes", db_index=False)
    document = models.JSONField(encoder=DjangoJSONEncoder, editable=False)
    frozen_at = models.DateTimeField(editable=False)
    frozen_by = models.UUIDField(null=True, editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.UUIDField(null=True, editable=False)

    impersonal_fields: ClassVar[tuple[str, ...]] = ("document",)
    silent_fields: ClassVar[tuple[str, ...]] = ("document",)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # leads with the contest: the freeze in force is read with each look at a frozen board
            models.UniqueConstraint(
                fields=["contest"],
                condition=Q(deleted_at__isnull=True, lifted_at__isnull=True),
                name="board_freeze_one_in_force",
            ),
        ]
        indexes = [
            live_index("organization", "-id", name="board_freeze_list"),
            # a contest's freezes; its cascade
            live_index("contest", "-id", name="board_freeze_of_contest"),
        ]

    def __str__(self) -> str:
        return f"Frozen {self.frozen_at:%Y-%m-%d %H:%M:%S}"
