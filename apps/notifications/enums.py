"""Where endpoints and deliveries stand."""

from __future__ import annotations

from django.db import models


class EndpointState(models.TextChoices):
    """Whether an endpoint is sent to."""

    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"


class DisabledReason(models.TextChoices):
    """Why an endpoint is not sent to."""

    BY_HAND = "by_hand", "Switched off"
    GONE = "gone", "The receiver answered 410 Gone"
    FAILING = "failing", "It failed for days"
    PERSON_LEFT = "person_left", "Who set it up has left"
    DELETED = "deleted", "It was deleted"


class DeliveryState(models.TextChoices):
    """Where a delivery stands. Pending ones have a time for their next attempt."""

    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNDELIVERED = (DeliveryState.FAILED, DeliveryState.CANCELLED)
