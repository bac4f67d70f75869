"""The routes of notifications."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from apps.core.rest.routers import PodiumRouter
from apps.notifications.api.v1.views import webhooks

app_name = "notifications"

router = PodiumRouter()
router.register("webhook-endpoints", webhooks.WebhookEndpointViewSet, basename="webhook-endpoint")
router.register("webhook-deliveries", webhooks.WebhookDeliveryViewSet, basename="webhook-delivery")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
