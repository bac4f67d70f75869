"""The routes of the monitoring API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from apps.core.rest.routers import PodiumRouter
from apps.resilience.api.v1 import views

app_name = "resilience"

router = PodiumRouter()
router.register("circuit-breakers", views.CircuitBreakerViewSet, basename="circuit-breaker")
router.register("health", views.HealthViewSet, basename="health")
router.register("summary", views.SummaryViewSet, basename="summary")

urlpatterns: list[URLPattern | URLResolver] = [path("", include(router.urls))]
