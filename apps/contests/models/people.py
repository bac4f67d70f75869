"""Who takes part: contestants and their entries, judges and their seats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.contests.enums import ContestantStatus, EntryState, SeatRole
from apps.contests.models.locks import CLOSED, ResultLock
from apps.contests.models.staleness import StalesTotals
from apps.contests.models.structure import OF_CATEGORY, POINTS, Category, Contest
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.fields import LiveForeignKey, live_index, unique_live


class Contestant(OrganizationModel):
    """A person or team in a contest. A number is never another live contestant's."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="contestants", db_index=False)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    affiliation = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    members = models.JSONField(default=list, blank=True, help_text="Names of a team's members.")
    status = models.CharField(
        max_length=12, choices=ContestantStatus.choices, default=ContestantStatus.ENTERED, editable=False
    )

    personal_fields: ClassVar[tuple[str, ...]] = ("name", "email", "members", "affiliation")

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            unique_live("contest", "number", name="contestant_number_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="contestant_number_positive"),
            ResultLock(
                name="contests_contestant_locked",
                way=(("contest_id", "contests_contest"),),
                columns=("contest_id", "number", "status"),
                erasable=("name", "affiliation", "email", "members"),
            ),
            StalesTotals(name="contestant_stales_totals", by="contestant"),
        ]
        indexes = [
            live_index("organization", "-id", name="contestant_list"),
            # a contest's contestants by number; the contest's cascade
            live_index("contest", "number", "id", name="contestant_of_contest"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Entry(OrganizationModel):
    """A contestant's start in a category. `technical_points` are the imported base score; None is not zero."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="entries", db_index=False)
    contestant = models.ForeignKey(Contestant, on_delete=models.CASCADE, related_name="entries", db_index=False)
    starting_order = models.PositiveIntegerField(null=True, blank=True)
    technical_points = models.DecimalField(**POINTS, null=True, blank=True)  # type: ignore[arg-type]
    state = models.CharField(max_length=12, choices=EntryState.choices, default=EntryState.ENTERED, editable=False)

    class Meta:
        ordering = ["starting_order", "id"]
        verbose_name_plural = "entries"
        constraints = [
            unique_live("category", "contestant", name="entry_unique"),
            ResultLock(
                name="contests_entry_locked",
                way=OF_CATEGORY,
                columns=("category_id", "contestant_id", "starting_order", "technical_points", "state"),
            ),
            StalesTotals(name="entry_stales_totals", by="contestant_id"),
        ]
        indexes = [
            live_index("organization", "-id", name="entry_list"),
            # a category's entries in starting order; the category's cascade
            live_index("category", "starting_order", "id", name="entry_of_category"),
            # the contestant's cascade
            live_index("contestant", name="entry_of_contestant"),
        ]

    def __str__(self) -> str:
        return f"Entry {self.starting_order or self.pk}"


class Judge(OrganizationModel):
    """A person who marks. `user` is set where the person signs in to do it."""

    user = LiveForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="judges", db_index=False
    )
    name = models.CharField(max_length=200)
    affiliation = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    qualifications = models.CharField(max_length=500, blank=True)

    personal_fields: ClassVar[tuple[str, ...]] = ("name", "email", "affiliation", "qualifications")

    class Meta:
        ordering = ["name", "id"]
        constraints = [unique_live("organization", "user", name="judge_user_unique")]
        indexes = [
            live_index("organization", "name", "id", name="judge_list"),
            # the scorecards of the person who signs in
            live_index("user", name="judge_of_user"),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(OrganizationModel):
    """A seat on a category's panel, such as J1."""

    judge = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    seat = models.CharField(max_length=10)
    role = models.CharField(max_length=10, choices=SeatRole.choices, default=SeatRole.JUDGE)

    # What a deleted judge has marked still counts in results that are locked, certified or published.
    stays_when: ClassVar[Mapping[str, str]] = {
        "judge": "EXISTS (SELECT FROM contests_category c JOIN contests_contest k ON k.id = c.contest_id"
        f" WHERE c.id = {{row}}.category_id AND k.status IN ({', '.join(repr(str(status)) for status in CLOSED)}))"
    }
    impersonal_fields: ClassVar[tuple[str, ...]] = ("seat",)
    hashed_fields: ClassVar[tuple[str, ...]] = ("seat",)

    class Meta:
        ordering = ["seat", "id"]
        constraints = [
            unique_live("category", "seat", name="assignment_seat_unique"),
            unique_live("category", "judge", name="assignment_judge_unique"),
            ResultLock(
                name="contests_assignment_locked",
                way=OF_CATEGORY,
                columns=("judge_id", "category_id", "seat", "role"),
            ),
            StalesTotals(name="assignment_stales_totals", by="category_id", watched=("seat", "role", "deleted_at")),
        ]
        indexes = [
            live_index("organization", "-id", name="assignment_list"),
            # a category's panel; the category's cascade
            live_index("category", "seat", "id", name="assignment_of_category"),
            # the judge's cascade
            live_index("judge", name="assignment_of_judge"),
        ]

    def __str__(self) -> str:
        return self.seat


class Recusal(OrganizationModel):
    """A seat that does not mark one contestant, and why."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="recusals", db_index=False)
    contestant = models.ForeignKey(Contestant, on_delete=models.CASCADE, related_name="recusals", db_index=False)
    reason = models.CharField(max_length=500)

    impersonal_fields: ClassVar[tuple[str, ...]] = ("reason",)

    class Meta:
        ordering = ["id"]
        constraints = [
            unique_live("assignment", "contestant", name="recusal_unique"),
            ResultLock(
                name="contests_recusal_locked",
                way=(("assignment_id", "contests_assignment"), *OF_CATEGORY),
                columns=("assignment_id", "contestant_id"),
                erasable=("reason",),
            ),
            StalesTotals(name="recusal_stales_totals", by="contestant_id"),
        ]
        indexes = [
            live_index("organization", "-id", name="recusal_list"),
            # the seat's and the contestant's cascade
            live_index("assignment", name="recusal_of_assignment"),
            live_index("contestant", name="recusal_of_contestant"),
        ]

    def __str__(self) -> str:
        return self.reason
