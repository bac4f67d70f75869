"""Draws in the admin: looked at, never changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.contests.admin.parts import RowAdmin, by, shown_json
from apps.contests.models import Draw


@admin.register(Draw)
class DrawAdmin(RowAdmin):
    """Draws of starting orders. A new one is drawn on the API, and the latest one counts."""

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
