"""The routes of notifications."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from apps.core.rest.routers import PodiumRouter, route
from apps.notifications.api.v1.views import mail, webhooks

app_name = "notifications"

router = PodiumRouter()
router.register("webhook-endpoints", webhooks.WebhookEndpointViewSet, basename="webhook-endpoint")
router.register("webhook-deliveries", webhooks.WebhookDeliveryViewSet, basename="webhook-delivery")

router.register("emails", mail.EmailMessageViewSet, basename="email")
router.register("suppressed-addresses", mail.SuppressedAddressViewSet, basename="suppressed-address")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    route(
        r"^mail-switches/$",
        mail.MailSwitchViewSet.as_view({"get": "show", "patch": "change"}),
        name="mail-switches",
    ),
]
