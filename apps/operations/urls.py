"""Health and metrics, with and without the trailing slash."""

from __future__ import annotations

from apps.core.rest.routers import route
from apps.operations.views import live, metrics, ready

urlpatterns = [
    route(r"^healthz/$", live, name="healthz"),
    route(r"^health/live/$", live, name="health-live"),
    route(r"^health/ready/$", ready, name="health-ready"),
    route(r"^metrics/$", metrics, name="metrics"),
]
