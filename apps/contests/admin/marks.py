"""Marks and deductions in the admin."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from apps.contests.admin.forms import ReasonedStepForm, ScoreForm
from apps.contests.admin.parts import PartAdmin, by
from apps.contests.admin.steps import Step, SteppedAdmin
from apps.contests.enums import ScoreState
from apps.contests.models import Contestant, Deduction, Score
from apps.contests.policies import is_changeable, reads_all_marks
from apps.contests.scoring.rounding import canonical
from apps.contests.selectors.seats import own_seats
from apps.contests.services.deductions import impose_deduction, reverse_deduction
from apps.contests.services.scores import change_mark
from apps.core.access import Capability
from apps.core.softdelete.admin import access_of

STATE_COLORS = {
    ScoreState.SCORED.label: "success",
    ScoreState.ABSENT.label: "warning",
    ScoreState.ABSTAINED.label: "warning",
}


@admin.register(Score)
class ScoreAdmin(PartAdmin):
    """Single marks. New ones come from scorecards and imports, which know the panel; here they are corrected."""

    capability = Capability.TALLY
    form = ScoreForm
    contest_path = "entry__category__contest"
    list_display = ["contestant", "category", "criterion_name", "seat", "judge", "mark", "state_badge"]
    list_filter = [
        by("entry__category__contest__event"),
        by("entry__category__contest"),
        by("entry__category"),
        by("assignment__judge"),
        "state",
    ]
    list_select_related = ["entry__category__contest", "entry__contestant", "criterion", "assignment__judge"]
    search_fields = ["entry__contestant__name", "=entry__contestant__number", "assignment__judge__name"]
    ordering = ["-id"]
    readonly_fields = [
        "contest",
        "category",
        "contestant",
        "criterion_name",
        "seat",
        "judge",
        "created_at",
        "updated_at",
    ]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["contest", "category", "contestant", "criterion_name", "seat", "judge"]}),
        ("Mark", {"fields": ["state", "value"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Score]:
        """All marks for those who read them; others see their own."""
        scores: models.QuerySet[Score] = super().get_queryset(request)
        access = access_of(request)
        if reads_all_marks(access):
            return scores
        return scores.filter(assignment__in=own_seats(access.user_id))

    @admin.display(description="Contest")
    def contest(self, score: Score) -> str:
        """Which contest it counts in."""
        return score.entry.category.contest.name

    @admin.display(description="Category", ordering="entry__category__name")
    def category(self, score: Score) -> str:
        """Which category it counts in."""
        return score.entry.category.name

    @admin.display(description="Contestant", ordering="entry__contestant__number")
    def contestant(self, score: Score) -> Contestant:
        """Whom it is for."""
        return score.entry.contestant

    @admin.display(description="Criterion", ordering="criterion__position")
    def criterion_name(self, score: Score) -> str:
        """What it is for."""
        return score.criterion.name

    @admin.display(description="Seat", ordering="assignment__seat")
    def seat(self, score: Score) -> str:
        """From which seat."""
        return score.assignment.seat

    @admin.display(description="Judge", ordering="assignment__judge__name")
    def judge(self, score: Score) -> str:
        """By whom."""
        return score.assignment.judge.name

    @admin.display(description="Mark", ordering="value", empty_value="—")
    def mark(self, score: Score) -> str | None:
        """The value, where there is one."""
        return None if score.value is None else canonical(score.value)

    @display(description="Recorded as", ordering="state", label=STATE_COLORS)  # type: ignore[untyped-decorator]
    def state_badge(self, score: Score) -> str:
        """What was recorded, as a badge."""
        return score.get_state_display()

    def save_model(self, request: HttpRequest, obj: Score, form: Any, change: bool) -> None:
        """Corrected by the rules of scoring."""
        saved = change_mark(
            score_id=obj.pk, access=access_of(request), state=obj.state, value=obj.value, version=obj.version
        )
        obj.version = saved.version


@admin.register(Deduction)
class DeductionAdmin(SteppedAdmin):
    """Points taken from entries. Append-only: a wrong one is reversed, never changed or deleted."""

    capability = Capability.TALLY
    contest_path = "entry__category__contest"
    list_display = ["contestant", "category", "amount", "unit", "stage", "reason", "state_of", "created_at"]
    list_display_links = ["contestant", "amount"]
    list_filter = [
        by("entry__category__contest__event"),
        by("entry__category__contest"),
        by("entry__category"),
        "stage",
        ("reversed_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["entry__category__contest", "entry__contestant"]
    search_fields = ["reason", "entry__contestant__name", "=entry__contestant__number"]
    ordering = ["-id"]
    autocomplete_fields = ["entry"]
    readonly_fields = ["state_of", "reversed_at", "reversal_reason", "created_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["entry", "amount", "unit", "stage", "reason", "state_of"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "reversed_at", "reversal_reason"]}),
    ]
    actions_detail = ["reverse"]

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    @admin.display(description="Contestant", ordering="entry__contestant__number")
    def contestant(self, deduction: Deduction) -> Contestant:
        """From whom the points are taken."""
        return deduction.entry.contestant

    @admin.display(description="Category", ordering="entry__category__name")
    def category(self, deduction: Deduction) -> str:
        """In which category."""
        return deduction.entry.category.name

    @display(description="State", label={"Counts": "danger", "Reversed": "default"})  # type: ignore[untyped-decorator]
    def state_of(self, deduction: Deduction) -> str:
        """Whether it counts."""
        return "Reversed" if deduction.reversed_at else "Counts"

    def save_model(self, request: HttpRequest, obj: Deduction, form: Any, change: bool) -> None:
        """Imposed by whoever saves it."""
        made = impose_deduction(
            entry=obj.entry,
            amount=obj.amount,
            unit=obj.unit,
            stage=obj.stage,
            reason=obj.reason,
            access=access_of(request),
        )
        obj.pk, obj.organization_id = made.pk, made.organization_id

    def names_of_steps(self, request: HttpRequest, row: Deduction) -> set[str]:
        counts = row.reversed_at is None and is_changeable(self.contest_of(row))
        return {"reverse"} if counts and self.has_step_permission(request, row, "reverse") else set()

    def has_step_permission(self, request: HttpRequest, row: Any, name: str) -> bool:
        return access_of(request).allows(Capability.TALLY, row)

    @action(description="Reverse", icon="undo")  # type: ignore[untyped-decorator]
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the points back, for a reason."""
        step = Step(
            title="Reverse this deduction?",
            text="The points are given back. The deduction stays on record.",
            button="Reverse",
            done="is reversed.",
            run=_reverse,
            form=ReasonedStepForm,
        )
        return self.take(request, object_id, "reverse", step)


def _reverse(deduction_id: UUID, *, reason: str, version: int) -> None:
    reverse_deduction(deduction_id=deduction_id, reason=reason, version=version)
