"""What notifications tell."""

from __future__ import annotations

from apps.core.outbox.catalogue import EventType, Field, identifier, one_of
from apps.notifications.enums import DisabledReason

TEST_TYPE = "webhook.test"
TOLD = (DisabledReason.FAILING, DisabledReason.GONE, DisabledReason.PERSON_LEFT)


def webhook_events() -> list[EventType]:
    """Webhooks about webhooks: for the organization's other endpoints, and for the mail to who owns them."""
    endpoint = identifier("The endpoint.")
    return [
        EventType(
            name="webhook_endpoint.disabled",
            app="notifications",
            meaning="Nothing is sent to a webhook endpoint any more, until somebody enables it.",
            subject="webhookendpoint/{webhook_endpoint_id}",
            data={
                "webhook_endpoint_id": endpoint,
                "reason": one_of("Why.", [reason.value for reason in TOLD]),
                "failing_since": Field(
                    {
                        "type": ["string", "null"],
                        "format": "date-time",
                        "description": "The first failure after the last success.",
                    },
                    "2026-11-17T14:03:11.482000Z",
                ),
            },
        ),
        EventType(
            name=TEST_TYPE,
            app="notifications",
            meaning="Somebody tries out a webhook endpoint; it gets this whatever its filter says.",
            subject="webhook_test/{test_id}",
            data={"webhook_endpoint_id": endpoint, "test_id": identifier("This test.")},
        ),
    ]
