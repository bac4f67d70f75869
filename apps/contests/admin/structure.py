"""Categories and criteria in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from apps.contests.admin.draws import DRAWING, DrawingAdmin
from apps.contests.admin.forms import CategoryForm, CriterionForm
from apps.contests.admin.parts import PartAdmin, PartInline, by, live_count, shown_json
from apps.contests.models import Assignment, Category, Contest, Criterion, Entry
from apps.contests.scoring.rounding import canonical
from apps.core.softdelete.editing import VERSION
from apps.events.models import Event


class CriterionInline(PartInline):
    """What judges mark in the category."""

    model = Criterion
    form = CriterionForm
    contest_path = "contest"
    fields = ["name", "position", "minimum", "maximum", "step", "factor", VERSION]


@admin.register(Category)
class CategoryAdmin(DrawingAdmin):
    """Scored segments of contests."""

    form = CategoryForm
    contest_path = "contest"
    belongs = ["contest"]
    list_display = ["name", "contest", "event", "weight", "criteria", "panel", "entries"]
    list_filter = [by("contest__event"), by("contest")]
    list_select_related = ["contest__event"]
    search_fields = ["name", "slug", "contest__name", "contest__event__name"]
    ordering = ["-contest_id", "position", "id"]
    autocomplete_fields = ["contest"]
    inlines = [CriterionInline]
    readonly_fields = ["shown_rule", "created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["contest", "name", "slug", "position", "weight"]}),
        ("Scoring rule", {"classes": ["tab"], "fields": ["rule"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]
    actions_detail = DRAWING

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Category]:
        categories: models.QuerySet[Category] = super().get_queryset(request)
        return categories.annotate(
            criterion_count=live_count(Criterion, "category"),
            seat_count=live_count(Assignment, "category"),
            entry_count=live_count(Entry, "category"),
        )

    def picker_label(self, row: Category) -> str:
        return f"{row.name} · {row.contest.name} · {row.contest.event.name}"

    def get_fieldsets(self, request: HttpRequest, obj: Category | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**rest, "fields": ["shown_rule" if name == "rule" else name for name in rest["fields"]]})
            for title, rest in fieldsets
        ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Category | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context["category"] = kwargs.get("obj")
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Event", ordering="contest__event__name")
    def event(self, category: Category) -> Event:
        """The event of its contest."""
        return category.contest.event

    @admin.display(description="Criteria", ordering="criterion_count")
    def criteria(self, category: Any) -> int:
        """How many live criteria it has."""
        count: int = category.criterion_count
        return count

    @admin.display(description="Panel", ordering="seat_count")
    def panel(self, category: Any) -> int:
        """How many live seats there are, with reserves."""
        count: int = category.seat_count
        return count

    @admin.display(description="Entries", ordering="entry_count")
    def entries(self, category: Any) -> int:
        """How many live entries there are."""
        count: int = category.entry_count
        return count

    @admin.display(description="Scoring rule")
    def shown_rule(self, category: Category) -> str:
        """The rule, for those who can't change it."""
        return shown_json(category.rule)


@admin.register(Criterion)
class CriterionAdmin(PartAdmin):
    """What judges mark."""

    form = CriterionForm
    contest_path = "category__contest"
    belongs = ["category"]
    list_display = ["name", "category", "contest", "scale", "factor", "position"]
    list_filter = [by("category__contest__event"), by("category__contest"), by("category")]
    list_select_related = ["category__contest__event"]
    search_fields = ["name", "category__name", "category__contest__name"]
    ordering = ["-category_id", "position", "id"]
    autocomplete_fields = ["category"]
    readonly_fields = ["created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["category", "name", "position"]}),
        ("Scale", {"fields": ["minimum", "maximum", "step", "factor"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]

    def picker_label(self, row: Criterion) -> str:
        return f"{row.name} · {row.category.name} · {row.category.contest.name}"

    @admin.display(description="Contest", ordering="category__contest__name")
    def contest(self, criterion: Criterion) -> Contest:
        """The contest of its category."""
        return criterion.category.contest

    @admin.display(description="Scale")
    def scale(self, criterion: Criterion) -> str:
        """From where to where, in which steps."""
        ends = f"{canonical(criterion.minimum)} to {canonical(criterion.maximum)}"
        return f"{ends} by {canonical(criterion.step)}"
