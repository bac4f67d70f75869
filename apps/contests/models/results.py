"""What is scored, and what is taken from it."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.contests.enums import DeductionStage, DeductionUnit, ScoreState
from apps.contests.models.locks import Recorded, ResultLock
from apps.contests.models.people import Assignment, Entry
from apps.contests.models.staleness import StalesTotals
from apps.contests.models.structure import OF_CATEGORY, POINTS, Criterion
from apps.core.access import Capability
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index, unique_live

OF_ENTRY = (("entry_id", "contests_entry"), *OF_CATEGORY)


class Score(OrganizationModel):
    """One mark of one seat for one criterion of one entry. A value belongs to `scored` and to nothing else."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="scores", db_index=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="scores", db_index=False)
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="scores", db_index=False)
    state = models.CharField(max_length=10, choices=ScoreState.choices, default=ScoreState.SCORED)
    value = models.DecimalField(**POINTS, null=True, blank=True)  # type: ignore[arg-type]

    deletion_capability: ClassVar[Capability] = Capability.TALLY

    class Meta:
        ordering = ["id"]
        constraints = [
            # leads with the entry: a board reads all marks of an entry
            unique_live("entry", "criterion", "assignment", name="score_unique"),
            models.CheckConstraint(
                condition=Q(state="scored", value__isnull=False) | (~Q(state="scored") & Q(value__isnull=True)),
                name="score_value_belongs_to_scored",
            ),
            ResultLock(
                name="contests_score_locked",
                way=OF_ENTRY,
                columns=("assignment_id", "entry_id", "criterion_id", "state", "value"),
            ),
            StalesTotals(name="score_stales_totals", by="entry_id"),
        ]
        indexes = [
            live_index("organization", "-id", name="score_list"),
            # the seat's and the criterion's cascade, and a judge's scorecards
            live_index("assignment", "entry", name="score_of_assignment"),
            live_index("criterion", name="score_of_criterion"),
        ]

    def __str__(self) -> str:
        return str(self.value if self.value is not None else self.state)


class Deduction(OrganizationModel):
    """Points taken from an entry. Append-only: a wrong one is reversed, with a reason."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="deductions", db_index=False)
    amount = models.DecimalField(**POINTS, validators=[MinValueValidator(Decimal(0))])  # type: ignore[arg-type]
    unit = models.CharField(max_length=10, choices=DeductionUnit.choices, default=DeductionUnit.POINTS)
    stage = models.CharField(max_length=10, choices=DeductionStage.choices, default=DeductionStage.CATEGORY)
    reason = models.CharField(max_length=500)
    proposed_by = models.UUIDField(null=True, editable=False)
    approved_by = models.UUIDField(null=True, editable=False)
    reversed_at = models.DateTimeField(null=True, editable=False)
    reversal_reason = models.CharField(max_length=1000, blank=True, editable=False)

    deletion_capability: ClassVar[Capability] = Capability.TALLY
    impersonal_fields: ClassVar[tuple[str, ...]] = ("reason", "reversal_reason")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="deduction_amount_not_negative"),
            ResultLock(
                name="contests_deduction_locked",
                way=OF_ENTRY,
                columns=("entry_id", "amount", "unit", "stage", "proposed_by", "approved_by", "reversed_at"),
                erasable=("reason", "reversal_reason"),
            ),
            StalesTotals(name="deduction_stales_totals", by="entry_id"),
            Recorded(
                name="deduction_recorded",
                columns=("organization_id", "entry_id", "amount", "unit", "stage", "proposed_by", "approved_by"),
                once=("reversed_at", "reversal_reason"),
                erasable=("reason",),
            ),
        ]
        indexes = [
            live_index("organization", "-id", name="deduction_list"),
            # an entry's deductions; its cascade
            live_index("entry", name="deduction_of_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.reason}"
