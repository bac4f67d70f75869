"""Contestants and their entries in the admin."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.contests.admin.parts import by, live_count
from apps.contests.admin.steps import Step, SteppedAdmin
from apps.contests.enums import ContestantStatus, EntryState
from apps.contests.models import Contest, Contestant, Entry
from apps.contests.policies import is_changeable
from apps.contests.services.holding import hold_for_update
from apps.contests.services.structure import contest_id_of, set_contestant_status, set_entry_state

OUT = "Listed without a place; others are not shifted. The number stays theirs."
BACK = "Competes again, with the marks that there are."
STATUS_COLORS = {
    ContestantStatus.ENTERED.label: "success",
    ContestantStatus.WITHDRAWN.label: "warning",
    ContestantStatus.DISQUALIFIED.label: "danger",
    EntryState.NO_SHOW.label: "warning",
}
STEPS: dict[str, tuple[str, str, str, str]] = {
    "no_show": (EntryState.NO_SHOW, "Did not start", OUT, "did not start."),
    "withdraw": (ContestantStatus.WITHDRAWN, "Withdraw", OUT, "is withdrawn."),
    "disqualify": (ContestantStatus.DISQUALIFIED, "Disqualify", OUT, "is disqualified."),
    "reinstate": (ContestantStatus.ENTERED, "Reinstate", BACK, "competes again."),
}


class CompetingAdmin(SteppedAdmin):
    """Rows that compete, or don't. `state_field` says whether they do."""

    state_field: ClassVar[str]
    names_of_states: ClassVar[tuple[str, ...]]

    def set_state(self, row_id: UUID, state: str) -> object:
        """Set it, in every consequence."""
        raise NotImplementedError

    def names_of_steps(self, request: HttpRequest, row: Any) -> set[str]:
        if not self.has_change_permission(request, row) or not is_changeable(self.contest_of(row)):
            return set()
        stands = getattr(row, self.state_field)
        if stands != ContestantStatus.ENTERED:
            return {"reinstate"}
        return {name for name in self.names_of_states if name != "reinstate"}

    def competes_or_not(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask about one of `STEPS` and take it."""
        row = self.get_object(request, object_id)
        state, verb, text, done = STEPS[name]
        run = partial(self._set, state)
        step = Step(f"{verb}: “{row}”?", text, verb, done, run, is_grave=name == "disqualify")
        return self.take(request, object_id, name, step)

    def _set(self, state: str, row_id: UUID, version: int) -> None:
        with transaction.atomic():
            part = self.model.objects.get(pk=row_id)
            hold_for_update(contest_id=contest_id_of(part))
            self.require_read_version(row_id, version)
            self.set_state(row_id, state)


@admin.register(Contestant)
class ContestantAdmin(CompetingAdmin):
    """Persons and teams."""

    contest_path = "contest"
    belongs = ["contest"]
    state_field = "status"
    names_of_states = ("withdraw", "disqualify", "reinstate")
    list_display = ["number", "name", "affiliation", "contest", "event", "status_badge", "entries"]
    list_display_links = ["number", "name"]
    list_filter = [by("contest__event"), by("contest"), "status"]
    list_select_related = ["contest__event"]
    search_fields = ["name", "affiliation", "=number", "contest__name", "contest__event__name"]
    ordering = ["-contest_id", "number"]
    autocomplete_fields = ["contest"]
    readonly_fields = ["status_badge", "created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["contest", "number", "name", "affiliation", "email", "members", "status_badge"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]
    actions_detail = ["withdraw", "disqualify", "reinstate"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Contestant]:
        contestants: models.QuerySet[Contestant] = super().get_queryset(request)
        return contestants.annotate(entry_count=live_count(Entry, "contestant"))

    def picker_label(self, row: Contestant) -> str:
        return f"{row} · {row.contest.name} · {row.contest.event.name}"

    def set_state(self, row_id: UUID, state: str) -> object:
        return set_contestant_status(contestant_id=row_id, status=state)

    @admin.display(description="Event", ordering="contest__event__name")
    def event(self, contestant: Contestant) -> str:
        """The event of the contest."""
        return contestant.contest.event.name

    @display(description="Status", ordering="status", label=STATUS_COLORS)  # type: ignore[untyped-decorator]
    def status_badge(self, contestant: Contestant) -> str:
        """Whether they take part, as a badge."""
        return contestant.get_status_display()

    @admin.display(description="Entries", ordering="entry_count")
    def entries(self, contestant: Any) -> int:
        """In how many categories they are entered."""
        count: int = contestant.entry_count
        return count

    @action(description="Withdraw", icon="person_off")  # type: ignore[untyped-decorator]
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the contestant out of every category."""
        return self.competes_or_not(request, object_id, "withdraw")

    @action(description="Disqualify", icon="block", variant=ActionVariant.DANGER)  # type: ignore[untyped-decorator]
    def disqualify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Disqualify the contestant from the contest."""
        return self.competes_or_not(request, object_id, "disqualify")

    @action(description="Reinstate", icon="undo")  # type: ignore[untyped-decorator]
    def reinstate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a withdrawal or disqualification back."""
        return self.competes_or_not(request, object_id, "reinstate")


@admin.register(Entry)
class EntryAdmin(CompetingAdmin):
    """Starts of contestants in categories."""

    contest_path = "category__contest"
    belongs = ["category", "contestant"]
    state_field = "state"
    names_of_states = ("no_show", "withdraw", "disqualify", "reinstate")
    list_display = ["contestant", "category", "contest", "starting_order", "technical_points", "state_badge"]
    list_filter = [by("category__contest__event"), by("category__contest"), by("category"), "state"]
    list_select_related = ["category__contest", "contestant"]
    search_fields = ["contestant__name", "=contestant__number", "category__name", "category__contest__name"]
    ordering = ["-category_id", "starting_order", "id"]
    autocomplete_fields = ["category", "contestant"]
    readonly_fields = ["state_badge", "created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["category", "contestant", "starting_order", "technical_points", "state_badge"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]
    actions_detail = ["no_show", "withdraw", "disqualify", "reinstate"]

    def picker_label(self, row: Entry) -> str:
        return f"{row.contestant} · {row.category.name} · {row.category.contest.name}"

    def set_state(self, row_id: UUID, state: str) -> object:
        return set_entry_state(entry_id=row_id, state=state)

    @admin.display(description="Contest", ordering="category__contest__name")
    def contest(self, entry: Entry) -> Contest:
        """The contest of its category."""
        return entry.category.contest

    @display(description="State", ordering="state", label=STATUS_COLORS)  # type: ignore[untyped-decorator]
    def state_badge(self, entry: Entry) -> str:
        """What became of it, as a badge."""
        return entry.get_state_display()

    @action(description="Did not start", icon="hourglass_disabled")  # type: ignore[untyped-decorator]
    def no_show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that the contestant did not start."""
        return self.competes_or_not(request, object_id, "no_show")

    @action(description="Withdraw", icon="person_off")  # type: ignore[untyped-decorator]
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the contestant out of this category."""
        return self.competes_or_not(request, object_id, "withdraw")

    @action(description="Disqualify", icon="block", variant=ActionVariant.DANGER)  # type: ignore[untyped-decorator]
    def disqualify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Disqualify the contestant from this category."""
        return self.competes_or_not(request, object_id, "disqualify")

    @action(description="Reinstate", icon="undo")  # type: ignore[untyped-decorator]
    def reinstate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take that back."""
        return self.competes_or_not(request, object_id, "reinstate")
