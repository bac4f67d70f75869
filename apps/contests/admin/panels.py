"""Judges, their seats and recusals in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from apps.contests.admin.forms import JudgeForm
from apps.contests.admin.parts import PartAdmin, PartInline, RowAdmin, by, live_count
from apps.contests.enums import SeatRole
from apps.contests.models import Assignment, Contest, Judge, Recusal, Score
from apps.contests.services.structure import change_judge
from apps.core.rest.etags import require_version
from apps.core.softdelete.admin import OrganizationOwnedAdmin
from apps.core.softdelete.editing import VERSION

ROLE_COLORS = {
    SeatRole.JUDGE.label: "default",
    SeatRole.HEAD_JUDGE.label: "primary",
    SeatRole.RESERVE.label: "warning",
}


@admin.register(Judge)
class JudgeAdmin(RowAdmin, OrganizationOwnedAdmin):
    """People who mark."""

    form = JudgeForm
    list_display = ["name", "affiliation", "qualifications", "signs_in", "seats"]
    list_select_related = ["user"]
    search_fields = ["name", "affiliation", "qualifications"]
    ordering = ["name", "id"]
    readonly_fields = ["created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["name", "affiliation", "qualifications", "email", "user"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Judge]:
        judges: models.QuerySet[Judge] = super().get_queryset(request)
        return judges.annotate(seat_count=live_count(Assignment, "judge"))

    def picker_label(self, row: Judge) -> str:
        return f"{row.name} · {row.affiliation}" if row.affiliation else row.name

    @admin.display(description="Signs in as", ordering="user__email", empty_value="—")
    def signs_in(self, judge: Judge) -> str | None:
        """The address of the person who signs in to mark."""
        return judge.user.email if judge.user else None

    @admin.display(description="Seats", ordering="seat_count")
    def seats(self, judge: Any) -> int:
        """On how many panels they sit."""
        count: int = judge.seat_count
        return count

    def save_model(self, request: HttpRequest, obj: Judge, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        stored = Judge.objects.get(pk=obj.pk)
        require_version(stored, obj.version)
        values = {name: getattr(obj, name) for name in form.changed_data if name != VERSION}
        obj.version = change_judge(judge=stored, values=values).version


class RecusalInline(PartInline):
    """The contestants whom the seat does not mark."""

    model = Recusal
    contest_path = "category__contest"
    fields = ["contestant", "reason", VERSION]
    autocomplete_fields = ["contestant"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Recusal]:
        recusals: models.QuerySet[Recusal] = super().get_queryset(request)
        return recusals.select_related("contestant__contest__event")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whom a recusal is about never changes; its reason does on its own page."""
        del request, obj
        return False


@admin.register(Assignment)
class AssignmentAdmin(PartAdmin):
    """Seats on panels."""

    contest_path = "category__contest"
    belongs = ["judge", "category"]
    list_display = ["seat", "judge", "category", "contest", "role_badge", "recusals", "marks"]
    list_display_links = ["seat", "judge"]
    list_filter = [by("category__contest__event"), by("category__contest"), by("category"), by("judge"), "role"]
    list_select_related = ["judge", "category__contest"]
    search_fields = ["seat", "judge__name", "category__name", "category__contest__name"]
    ordering = ["-category_id", "seat", "id"]
    autocomplete_fields = ["judge", "category"]
    inlines = [RecusalInline]
    readonly_fields = ["created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["category", "judge", "seat", "role"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Assignment]:
        seats: models.QuerySet[Assignment] = super().get_queryset(request)
        return seats.annotate(
            recusal_count=live_count(Recusal, "assignment"), mark_count=live_count(Score, "assignment")
        )

    def picker_label(self, row: Assignment) -> str:
        return f"{row.seat} {row.judge.name} · {row.category.name} · {row.category.contest.name}"

    @admin.display(description="Contest", ordering="category__contest__name")
    def contest(self, seat: Assignment) -> Contest:
        """The contest of its category."""
        return seat.category.contest

    @display(description="Role", ordering="role", label=ROLE_COLORS)  # type: ignore[untyped-decorator]
    def role_badge(self, seat: Assignment) -> str:
        """What the judge does there, as a badge."""
        return seat.get_role_display()

    @admin.display(description="Recusals", ordering="recusal_count")
    def recusals(self, seat: Any) -> int:
        """How many contestants it does not mark."""
        count: int = seat.recusal_count
        return count

    @admin.display(description="Marks", ordering="mark_count")
    def marks(self, seat: Any) -> int:
        """How many marks it has given; that says nothing about what they are."""
        count: int = seat.mark_count
        return count


@admin.register(Recusal)
class RecusalAdmin(PartAdmin):
    """Seats that don't mark a contestant."""

    contest_path = "assignment__category__contest"
    belongs = ["assignment", "contestant"]
    list_display = ["contestant", "seat", "judge", "category", "contest", "reason"]
    list_filter = [by("contestant__contest__event"), by("contestant__contest"), by("assignment__category")]
    list_select_related = ["assignment__judge", "assignment__category__contest", "contestant"]
    search_fields = ["reason", "contestant__name", "assignment__judge__name"]
    ordering = ["-id"]
    autocomplete_fields = ["assignment", "contestant"]
    readonly_fields = ["created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["assignment", "contestant", "reason"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]

    @admin.display(description="Seat", ordering="assignment__seat")
    def seat(self, recusal: Recusal) -> str:
        """Which seat it is."""
        return recusal.assignment.seat

    @admin.display(description="Judge", ordering="assignment__judge__name")
    def judge(self, recusal: Recusal) -> str:
        """Who sits there."""
        return recusal.assignment.judge.name

    @admin.display(description="Category", ordering="assignment__category__name")
    def category(self, recusal: Recusal) -> str:
        """Whose panel it is."""
        return recusal.assignment.category.name

    @admin.display(description="Contest", ordering="contestant__contest__name")
    def contest(self, recusal: Recusal) -> str:
        """The contest of both."""
        return recusal.assignment.category.contest.name
