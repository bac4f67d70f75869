"""What a contest is made of: contest, categories, criteria."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.enums import Role
from apps.contests.enums import ContestStatus, Visibility
from apps.contests.models.locks import ResultLock
from apps.contests.models.staleness import ForgetsTotals, StalesTotals
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import live_index, unique_live
from apps.events.models import Event

OF_CATEGORY = (("category_id", "contests_category"), ("contest_id", "contests_contest"))
POINTS = {"max_digits": 12, "decimal_places": 4}


def usual_sign_off() -> list[str]:
    """Who signs a result unless its contest says otherwise: those who counted, who checked, and who answer for it."""
    return [Role.TALLY_MASTER.value, Role.AUDITOR.value, Role.ORGANIZER.value]


class Contest(OrganizationModel):
    """The thing that has one winner list, such as "Ladies" or "Robotics final".

    `rule` is a `scoring.ContestRule` as data. `policy_version` counts its changes and those of the categories after
    the first mark; the board names the one that it was computed with. `sign_off` are the roles that sign its result,
    in their order. `erratum` is the draft of what the next certification says about the published one before it.
    While `frozen_at` is set, the public sees the board of that time (`BoardFreeze`).
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="contests", db_index=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, db_index=False)
    description = models.TextField(blank=True, max_length=10_000)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order within the event.")
    status = models.CharField(
        max_length=10, choices=ContestStatus.choices, default=ContestStatus.DRAFT, editable=False
    )
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    blind = models.BooleanField(default=False, help_text="Judges see numbers, not names.")
    rule = models.JSONField(default=dict, blank=True)
    sign_off = models.JSONField(default=usual_sign_off, blank=True)
    erratum = models.TextField(blank=True, max_length=2000)
    live_board = models.BooleanField(default=False, help_text="The public board shows standings before the result.")
    frozen_at = models.DateTimeField(null=True, editable=False)
    policy_version = models.PositiveIntegerField(default=1, editable=False)

    impersonal_fields: ClassVar[tuple[str, ...]] = ("name", "description", "rule", "sign_off", "erratum")
    hashed_fields: ClassVar[tuple[str, ...]] = ("slug", "rule", "sign_off")
    settled_fields: ClassVar[tuple[str, ...]] = ("erratum",)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            unique_live("event", "slug", name="contest_slug_unique"),
            ResultLock(
                name="contests_contest_locked",
                way=(),
                columns=("event_id", "slug", "blind", "rule", "sign_off", "policy_version"),
            ),
            ForgetsTotals(name="contest_forgets_totals"),
        ]
        indexes = [
            # the organization's list, newest first, and its filter by status
            live_index("organization", "-id", name="contest_list"),
            live_index("organization", "status", "-id", name="contest_by_status"),
            # an event's contests in order; the event's cascade
            live_index("event", "position", "id", name="contest_of_event"),
        ]

    def __str__(self) -> str:
        return self.name


class Category(OrganizationModel):
    """A scored segment of a contest, such as "Short program". `rule` is a `scoring.ScoringRule` as data."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="categories", db_index=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, db_index=False)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order within the contest.")
    weight = models.DecimalField(**POINTS, default=Decimal(1), validators=[MinValueValidator(0)])  # type: ignore[arg-type]
    rule = models.JSONField(default=dict, blank=True)

    impersonal_fields: ClassVar[tuple[str, ...]] = ("name", "rule")
    hashed_fields: ClassVar[tuple[str, ...]] = ("slug", "rule")

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "categories"
        constraints = [
            unique_live("contest", "slug", name="category_slug_unique"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="category_weight_not_negative"),
            ResultLock(
                name="contests_category_locked",
                way=(("contest_id", "contests_contest"),),
                columns=("contest_id", "slug", "position", "weight", "rule"),
                erasable=("name",),
            ),
        ]
        indexes = [
            live_index("organization", "-id", name="category_list"),
            # a contest's categories in order; the contest's cascade
            live_index("contest", "position", "id", name="category_of_contest"),
        ]

    def __str__(self) -> str:
        return self.name


class Criterion(OrganizationModel):
    """One thing that judges mark, on a scale from `minimum` to `maximum` in steps of `step`."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="criteria", db_index=False)
    name = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order within the category.")
    minimum = models.DecimalField(**POINTS, default=Decimal(0))  # type: ignore[arg-type]
    maximum = models.DecimalField(**POINTS, default=Decimal(10))  # type: ignore[arg-type]
    step = models.DecimalField(**POINTS, default=Decimal("0.25"))  # type: ignore[arg-type]
    factor = models.DecimalField(**POINTS, default=Decimal(1), validators=[MinValueValidator(0)])  # type: ignore[arg-type]

    impersonal_fields: ClassVar[tuple[str, ...]] = ("name",)
    hashed_fields: ClassVar[tuple[str, ...]] = ("name",)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "criteria"
        constraints = [
            unique_live("category", "name", name="criterion_name_unique"),
            models.CheckConstraint(condition=Q(maximum__gt=F("minimum")), name="criterion_scale_goes_up"),
            models.CheckConstraint(condition=Q(step__gt=0), name="criterion_step_positive"),
            models.CheckConstraint(condition=Q(factor__gte=0), name="criterion_factor_not_negative"),
            ResultLock(
                name="contests_criterion_locked",
                way=OF_CATEGORY,
                columns=("category_id", "name", "position", "minimum", "maximum", "step", "factor"),
            ),
            StalesTotals(
                name="criterion_stales_totals", by="category_id", watched=("position", "factor", "deleted_at")
            ),
        ]
        indexes = [
            live_index("organization", "-id", name="criterion_list"),
            # a category's criteria in order; the category's cascade
            live_index("category", "position", "id", name="criterion_of_category"),
        ]

    def __str__(self) -> str:
        return self.name
