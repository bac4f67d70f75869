"""Draws in the admin: drawn on a category's page, then looked at and never changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.contests.admin.forms import StepForm
from apps.contests.admin.parts import RowAdmin, by, shown_json
from apps.contests.admin.steps import Step, SteppedAdmin
from apps.contests.models import Category, Draw, Entry, Score
from apps.contests.models.draws import LONGEST_SEED
from apps.contests.policies import is_changeable
from apps.contests.services.draws import draw_category
from apps.core.softdelete.admin import access_of

DRAWING = ("draw",)


class DrawForm(StepForm):
    """What the order comes from."""

    seed = forms.CharField(
        max_length=LONGEST_SEED,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
        help_text="Such as a number called out in the hall; random when empty. It is recorded with the draw.",
    )


class DrawingAdmin(SteppedAdmin):
    """The button, for the admin of categories."""

    def names_of_steps(self, request: HttpRequest, row: Category) -> set[str]:
        """A category is drawn while its contest is not locked, once somebody is entered and before the first mark."""
        may = self.has_change_permission(request, row) and is_changeable(row.contest)
        ready = may and Entry.objects.filter(category=row).exists()
        return set(DRAWING) if ready and not Score.objects.filter(entry__category=row).exists() else set()

    @action(description="Draw the starting order", url_path="draw", icon="casino")  # type: ignore[untyped-decorator]
    def draw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Draw who starts when."""

        def run(category_id: UUID, version: int, seed: str) -> Draw:
            self.require_read_version(category_id, version)
            return draw_category(category_id=category_id, access=access_of(request), seed=seed.strip())

        step = Step(
            title="Draw the starting order?",
            text="Everybody who competes gets a place by chance; the places that there are now are replaced.",
            button="Draw",
            done="has a starting order.",
            run=run,
            form=DrawForm,
            page_of=lambda draw: reverse("admin:contests_draw_change", args=[draw.pk]),
        )
        return self.take(request, object_id, "draw", step)


@admin.register(Draw)
class DrawAdmin(RowAdmin):
    """Draws of starting orders. A new one is drawn on its category's page, and the latest one counts."""

    list_display = ["category", "contest", "seed", "algorithm", "created_at"]
    list_filter = [by("category__contest"), by("category")]
    list_select_related = ["category__contest"]
    search_fields = ["seed", "category__name", "category__contest__name"]
    ordering = ["-id"]
    fields = ["category", "seed", "algorithm", "created_at", "drawn_by", "shown_participants", "shown_result"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Contest", ordering="category__contest__name")
    def contest(self, draw: Draw) -> str:
        """Where its category is."""
        return draw.category.contest.name

    @admin.display(description="Participants")
    def shown_participants(self, draw: Draw) -> str:
        """Ids of contestants, ascending."""
        return shown_json(draw.participants)

    @admin.display(description="Result")
    def shown_result(self, draw: Draw) -> str:
        """The same, in the order drawn."""
        return shown_json(draw.result)
