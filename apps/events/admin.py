"""Events in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action, display

from apps.core.errors import PodiumError
from apps.core.softdelete.admin import OrganizationOwnedAdmin
from apps.events import services
from apps.events.enums import EventStatus
from apps.events.models import Event
from apps.events.policies import may_go

STATUS_COLORS = {
    EventStatus.DRAFT.label: "default",
    EventStatus.PUBLISHED.label: "info",
    EventStatus.LIVE.label: "success",
    EventStatus.COMPLETED.label: "primary",
    EventStatus.ARCHIVED.label: "default",
    EventStatus.CANCELLED.label: "danger",
}


@admin.register(Event)
class EventAdmin(OrganizationOwnedAdmin):
    """What the organization runs."""

    list_display = ["name", "status_badge", "venue", "starts_at", "ends_at", "contests"]
    list_filter = ["status", "starts_at"]
    list_fullwidth = True
    search_fields = ["name", "slug", "venue"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-id"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["status_badge", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "status_badge", "description"]}),
        ("Where and when", {"fields": ["venue", "timezone", "starts_at", "ends_at"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]
    actions_detail = ["publish", "start", "complete", "archive", "call_off"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Event]:
        live = models.Q(contests__deleted_at__isnull=True)
        events: models.QuerySet[Event] = super().get_queryset(request)
        return events.annotate(contest_count=models.Count("contests", filter=live))

    @display(description="Status", ordering="status", label=STATUS_COLORS)  # type: ignore[untyped-decorator]
    def status_badge(self, event: Event) -> str:
        """Where it stands, as a badge."""
        return event.get_status_display()

    @admin.display(description="Contests", ordering="contest_count")
    def contests(self, event: Any) -> int:
        """How many live contests it holds."""
        count: int = event.contest_count
        return count

    @action(description="Publish", permissions=["publish"])  # type: ignore[untyped-decorator]
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the event to its people."""
        return self._move(request, object_id, services.publish_event, EventStatus.PUBLISHED)

    @action(description="Go live", permissions=["start"])  # type: ignore[untyped-decorator]
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begin the event."""
        return self._move(request, object_id, services.start_event, EventStatus.LIVE)

    @action(description="Complete", permissions=["complete"])  # type: ignore[untyped-decorator]
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the event."""
        return self._move(request, object_id, services.complete_event, EventStatus.COMPLETED)

    @action(description="Archive", permissions=["archive"])  # type: ignore[untyped-decorator]
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put the event away."""
        return self._move(request, object_id, services.archive_event, EventStatus.ARCHIVED)

    @action(description="Cancel the event", permissions=["call_off"])  # type: ignore[untyped-decorator]
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call the event off."""
        return self._move(request, object_id, services.cancel_event, EventStatus.CANCELLED)

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the event can become published."""
        return self._may_go(request, object_id, EventStatus.PUBLISHED)

    def has_start_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the event can become live."""
        return self._may_go(request, object_id, EventStatus.LIVE)

    def has_complete_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the event can become completed."""
        return self._may_go(request, object_id, EventStatus.COMPLETED)

    def has_archive_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the event can become archived."""
        return self._may_go(request, object_id, EventStatus.ARCHIVED)

    def has_call_off_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the event can become cancelled."""
        return self._may_go(request, object_id, EventStatus.CANCELLED)

    def _may_go(self, request: HttpRequest, object_id: str | None, target: EventStatus) -> bool:
        """Buttons show the steps that there are from here."""
        event = self.get_object(request, object_id) if object_id else None
        if event is None or event.is_deleted or not self.has_change_permission(request, event):
            return False
        return may_go(EventStatus(event.status), target)

    def _move(
        self, request: HttpRequest, object_id: str, step: Callable[..., Event], target: EventStatus
    ) -> HttpResponse:
        """Ask on a page of its own, and act by `POST` only: a link on somebody's page must not move an event."""
        event = self.get_object(request, object_id)
        page = reverse("admin:events_event_change", args=[object_id])
        if event is None:
            return HttpResponseRedirect(page)
        if request.method != "POST":
            return self._ask_to_move(request, event, target, page)
        try:
            moved = step(event=event)
            messages.success(request, f"{moved} is now {moved.get_status_display().lower()}.")
        except PodiumError as error:
            messages.error(request, error.detail)
        return HttpResponseRedirect(page)

    def _ask_to_move(self, request: HttpRequest, event: Event, target: EventStatus, page: str) -> TemplateResponse:
        question = {
            "title": f"Make “{event}” {target.label.lower()}?",
            "text": f"It is {event.get_status_display().lower()} now.",
            "button": f"Yes, make it {target.label.lower()}",
            "is_grave": target is EventStatus.CANCELLED,
        }
        context = {
            **self.admin_site.each_context(request),
            "title": question["title"],
            "opts": self.opts,
            "original": event,
            "step": question,
            "back": page,
        }
        return TemplateResponse(request, "core/step.html", context)
