"""Copies of contests and events, by buttons on their pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.contests.admin.allocating import AllocatingAdmin
from apps.contests.admin.forms import StepForm
from apps.contests.admin.steps import Step, StepPages
from apps.contests.models import Contest
from apps.contests.services.cloning import clone_contest, clone_event
from apps.core.access import Capability
from apps.core.softdelete.admin import access_of
from apps.events.admin import EventAdmin
from apps.events.models import Event

COPYING = ("clone",)
TEXT = "A draft with the same structure and rules; contestants, marks and results stay where they are."


class CopyForm(StepForm):
    """The copy of something."""

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    panels = forms.BooleanField(required=False, label="Copy the judges' seats too", widget=UnfoldBooleanWidget)


class ContestCopyForm(CopyForm):
    """The copy of a contest, in an event of the same organization."""

    event = forms.ModelChoiceField(queryset=Event._base_manager.none(), widget=UnfoldAdminSelectWidget)
    field_order = ("name", "event", "panels")

    def __init__(self, *args: Any, organization_id: UUID | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = Event.objects.filter(organization=organization_id).order_by("-starts_at", "-id")
        self.fields["event"].queryset = events  # type: ignore[attr-defined]


class EventCopyForm(CopyForm):
    """The copy of an event."""

    starts_at = forms.SplitDateTimeField(required=False, widget=UnfoldAdminSplitDateTimeWidget)
    ends_at = forms.SplitDateTimeField(required=False, widget=UnfoldAdminSplitDateTimeWidget)
    field_order = ("name", "starts_at", "ends_at", "panels")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        starts, ends = values.get("starts_at"), values.get("ends_at")
        if starts and ends and ends < starts:
            self.add_error("ends_at", "The event ends before it starts.")
        return values


def _copy_contest(contest_id: UUID, version: int, **values: Any) -> Contest:
    """Whatever version it has got meanwhile: a copy overwrites nothing."""
    del version
    return clone_contest(contest_id=contest_id, **values)


def _copy_event(event_id: UUID, version: int, **values: Any) -> Event:
    """Likewise."""
    del version
    return clone_event(event_id=event_id, **values)


class CopyingAdmin(AllocatingAdmin):
    """The button, for the admin of contests."""

    def names_of_copying(self, request: HttpRequest, row: Contest) -> set[str]:
        """A contest can be copied wherever it stands."""
        return set(COPYING) if access_of(request).allows(Capability.ORGANIZE, row) else set()

    @action(description="Copy", url_path="clone", icon="content_copy")  # type: ignore[untyped-decorator]
    def clone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a draft out of the contest."""
        contest = self.get_object(request, object_id)
        organization_id = contest.organization_id if contest is not None else None
        step = Step(
            title=f"Copy “{contest}”",
            text=TEXT,
            button="Copy",
            done="was copied; this is the copy.",
            run=_copy_contest,
            form=lambda *args, **kwargs: ContestCopyForm(*args, organization_id=organization_id, **kwargs),
            initial={"name": contest.name, "event": contest.event_id} if contest is not None else {},
            page_of=lambda copy: reverse("admin:contests_contest_change", args=[copy.pk]),
        )
        return self.take(request, object_id, "clone", step)


admin.site.unregister(Event)  # events know nothing of what is held at them; their page has this button all the same


@admin.register(Event)
class ContestedEventAdmin(StepPages, EventAdmin):
    """Events, which can be copied with their contests."""

    actions_detail = [*EventAdmin.actions_detail, *COPYING]

    @action(description="Copy", permissions=["clone"], url_path="clone", icon="content_copy")  # type: ignore[untyped-decorator]
    def clone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a draft out of the event and its contests."""
        event = self.get_object(request, object_id)
        step = Step(
            title=f"Copy “{event}” with its contests",
            text=TEXT,
            button="Copy",
            done="was copied; this is the copy.",
            run=_copy_event,
            form=EventCopyForm,
            initial={"name": event.name if event is not None else ""},
            page_of=lambda copy: reverse("admin:events_event_change", args=[copy.pk]),
        )
        return self.take(request, object_id, "clone", step)

    def has_clone_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the event is there, and the caller one who organizes."""
        event = self.get_object(request, object_id) if object_id else None
        return event is not None and not event.is_deleted and self.has_change_permission(request, event)
