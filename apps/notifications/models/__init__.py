"""What notifications keep."""

from apps.notifications.models.mail import EmailMessage, MailSwitch, PurgeNotice, SuppressedAddress, Unsubscription
from apps.notifications.models.webhooks import (
    DeliveryAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)

__all__ = [
    "DeliveryAttempt",
    "EmailMessage",
    "MailSwitch",
    "PurgeNotice",
    "SuppressedAddress",
    "Unsubscription",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookMessage",
]
