"""What notifications keep."""

from apps.notifications.models.webhooks import (
    DeliveryAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)

__all__ = ["DeliveryAttempt", "WebhookDelivery", "WebhookEndpoint", "WebhookMessage"]
