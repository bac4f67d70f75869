"""What is scored and what is signed."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.contests.enums import DeductionStage, DeductionUnit, ScoreState
from apps.contests.models.people import Assignment, Entry
from apps.contests.models.structure import POINTS, Criterion
from apps.core import clock
from apps.core.access import Capability
from apps.core.ids import new_id
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index, unique_live
from apps.core.softdelete.querysets import OrganizationManager, VersionedQuerySet


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
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="deduction_amount_not_negative")]
        indexes = [
            live_index("organization", "-id", name="deduction_list"),
            # an entry's deductions; its cascade
            live_index("entry", name="deduction_of_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.reason}"


class Certification(models.Model):
    """A frozen result and who signed it. It has no foreign keys: it outlives the contest.

    `document` holds inputs, rules and standings with ids and numbers, and no personal names. `digest` is SHA-256 of
    its canonical JSON (RFC 8785) in hexadecimal; `previous_digest` chains it to the contest's certification before.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(editable=False)
    contest_id = models.UUIDField(editable=False)
    contest_name = models.CharField(max_length=200, editable=False)
    number = models.PositiveIntegerField(editable=False)
    document = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    previous_digest = models.CharField(max_length=64, blank=True, editable=False)
    signed_by = models.UUIDField(editable=False)
    signed_at = models.DateTimeField(default=clock.now, editable=False)
    voided_by = models.UUIDField(null=True, editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.CharField(max_length=1000, blank=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    personal_fields: ClassVar[tuple[str, ...]] = ()

    objects = OrganizationManager()
    of_all_organizations = models.Manager.from_queryset(VersionedQuerySet)()

    class Meta:
        ordering = ["contest_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["contest_id", "number"], name="certification_number_unique"),
            models.UniqueConstraint(
                fields=["contest_id"], condition=Q(voided_at__isnull=True), name="certification_one_in_force"
            ),
        ]
        # the organization's list, newest first
        indexes = [models.Index(fields=["organization_id", "-id"], name="certification_list")]

    def __str__(self) -> str:
        return f"{self.contest_name}, certification {self.number}"
