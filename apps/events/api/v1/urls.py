"""The routes of events."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from apps.core.rest.routers import PodiumRouter
from apps.events.api.v1.views import EventViewSet

app_name = "events"

router = PodiumRouter()
router.register("events", EventViewSet, basename="event")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
