"""Where endpoints, deliveries and mails stand, and what mails are about."""

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


class MailState(models.TextChoices):
    """Where a mail stands. Those that are queued or being sent have a time at which they are due."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    BOUNCED = "bounced", "Bounced"
    SUPPRESSED = "suppressed", "Not sent: the address bounced before"
    CANCELLED = "cancelled", "Cancelled"


ON_ITS_WAY = (MailState.QUEUED, MailState.SENDING)


class OutOfReach(models.TextChoices):
    """Why a mail would not get to somebody."""

    NO_ADDRESS = "no_address", "No address"
    WANTS_NONE = "wants_none", "Wants no such mails"
    BOUNCED = "bounced", "The address bounced before"


class MailTopic(models.TextChoices):
    """What people can switch off and on, each for themselves."""

    ACCOUNT = "account", "Your account and memberships"
    JUDGING = "judging", "Seats on panels, and reminders"
    SIGNING = "signing", "Results to sign"
    RESULTS = "results", "Published results"
    DELETIONS = "deletions", "Deletions that become final"
    WEBHOOKS = "webhooks", "Webhooks that were disabled"
    OPERATIONS = "operations", "The platform's own troubles"


class MailKind(models.TextChoices):
    """Which mail it is."""

    MEMBERSHIP = "membership", "Membership"
    ROLE_CHANGED = "role_changed", "New role"
    PASSWORD_RESET = "password_reset", "Password reset"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    JUDGE_SEATED = "judge_seated", "Seat on a panel"
    JUDGE_REMINDED = "judge_reminded", "Marks that are missing"
    SIGNATURE_NEEDED = "signature_needed", "Result to sign"
    RESULT_PUBLISHED = "result_published", "Result published"
    PURGE_NEAR = "purge_near", "Deletion becomes final"
    WEBHOOK_DISABLED = "webhook_disabled", "Webhook disabled"
    CIRCUIT_OPENED = "circuit_opened", "Circuit opened"


TOPIC_OF = {
    MailKind.MEMBERSHIP: MailTopic.ACCOUNT,
    MailKind.ROLE_CHANGED: MailTopic.ACCOUNT,
    MailKind.PASSWORD_RESET: MailTopic.ACCOUNT,
    MailKind.PASSWORD_CHANGED: MailTopic.ACCOUNT,
    MailKind.JUDGE_SEATED: MailTopic.JUDGING,
    MailKind.JUDGE_REMINDED: MailTopic.JUDGING,
    MailKind.SIGNATURE_NEEDED: MailTopic.SIGNING,
    MailKind.RESULT_PUBLISHED: MailTopic.RESULTS,
    MailKind.PURGE_NEAR: MailTopic.DELETIONS,
    MailKind.WEBHOOK_DISABLED: MailTopic.WEBHOOKS,
    MailKind.CIRCUIT_OPENED: MailTopic.OPERATIONS,
}
# Somebody waits for these, or nobody could work without them: there is no switch.
ALWAYS_SENT = frozenset({MailTopic.ACCOUNT, MailTopic.OPERATIONS})
# Members get these once they have switched them on; everything else until they switch it off.
OFF_AT_FIRST = frozenset({MailTopic.RESULTS})
URGENT = frozenset({MailTopic.ACCOUNT, MailTopic.OPERATIONS})
