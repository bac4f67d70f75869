"""Draws of starting orders."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.contests.models.locks import Recorded
from apps.contests.models.structure import Category
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index

LONGEST_SEED = 100


class Draw(OrganizationModel):
    """A draw that took place, with all that it takes to repeat it. It is never changed; a later one counts.

    `participants` are the ids of the contestants in ascending order, `result` the same in the order drawn.
    """

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="draws", db_index=False)
    seed = models.CharField(max_length=LONGEST_SEED, editable=False)
    algorithm = models.CharField(max_length=30, editable=False)
    participants = models.JSONField(editable=False)
    result = models.JSONField(editable=False)
    drawn_by = models.UUIDField(null=True, editable=False)

    impersonal_fields: ClassVar[tuple[str, ...]] = ("seed", "algorithm", "participants", "result")
    hashed_fields: ClassVar[tuple[str, ...]] = ("algorithm", "participants", "result")  # ids only

    class Meta:
        ordering = ["-id"]
        constraints = [
            Recorded(
                name="draw_recorded",
                columns=("organization_id", "category_id", "algorithm", "participants", "result", "drawn_by"),
                erasable=("seed",),
            ),
        ]
        indexes = [
            live_index("organization", "-id", name="draw_list"),
            # a category's draws, the one that counts first; the category's cascade
            live_index("category", "-id", name="draw_of_category"),
        ]

    def __str__(self) -> str:
        return f"Draw {self.seed}"
