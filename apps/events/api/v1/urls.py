"""The routes of events."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from apps.core.rest.routers import PodiumRouter, route
from apps.events.api.v1.calendars import CalendarView, EventCalendarViewSet
from apps.events.api.v1.views import EventViewSet

app_name = "events"

router = PodiumRouter()
router.register("events", EventViewSet, basename="event")
router.register("events", EventCalendarViewSet, basename="event-calendar")

urlpatterns: list[URLPattern | URLResolver] = [
    route(r"^calendars/(?P<token>[0-9a-f-]+)/$", CalendarView.as_view(), name="calendar"),
    *router.urls,
]
