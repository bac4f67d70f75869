"""The shape of what receivers get, as JSON Schema (2020-12): what the documents have in common."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from apps.core.outbox.catalogue import EXAMPLE_ID, EventType, catalogue

EXAMPLE_TIME = "2026-11-22T14:03:11.482000Z"
# Standard Webhooks names the first three.
HEADERS: dict[str, tuple[str, str]] = {
    "webhook-id": ("The message's id: the same for every attempt, so handle each once.", EXAMPLE_ID),
    "webhook-timestamp": ("When this attempt was made: Unix time in seconds. Refuse old ones.", "1795442591"),
    "webhook-signature": (
        "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body; several while the secret is rotated.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
    "X-Correlation-ID": ("The story that the event is part of: quote it when you ask about one.", EXAMPLE_ID),
    "traceparent": (
        "W3C Trace Context, where the request that made the event had one.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
}
OPTIONAL_HEADERS = frozenset({"traceparent"})
ENVELOPE = "WebhookMessage"
SHARED: dict[str, Any] = {
    "id": {"type": "string", "format": "uuid", "description": "The message; also in `webhook-id`."},
    "type": {"type": "string", "description": "What has happened."},
    "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
    "subject": {"type": "string", "description": "What it is about, `kind/id`."},
    "sequence": {
        "type": "integer",
        "minimum": 1,
        "description": "Counts the subject's messages from 1, in the order in which they happened. Retries overtake "
        "each other: order by it, and keep what has the highest.",
    },
    "organization_id": {"type": "string", "format": "uuid"},
    "data": {"type": "object", "description": "See the type."},
    "thin": {
        "const": True,
        "description": "The message was too large: `data` has ids only, and `links` say where the rest is.",
    },
    "links": {"type": "object", "additionalProperties": {"type": "string"}},
}
OPTIONAL = frozenset({"thin", "links"})


def documented() -> list[EventType]:
    """Every type that Podium itself tells, by name."""
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    return sorted((one for one in catalogue().values() if one.app in ours), key=lambda one: one.name)


def sent() -> list[EventType]:
    """Those that webhooks carry: an organization's."""
    return [one for one in documented() if not one.of_platform]


def schemas() -> dict[str, Any]:
    """The envelope, and the data of each type."""
    envelope = {
        "type": "object",
        "properties": SHARED,
        "required": [name for name in SHARED if name not in OPTIONAL],
    }
    return {ENVELOPE: envelope, **{one.shape_name: one.schema for one in sent()}}


def payload(one: EventType) -> dict[str, Any]:
    """What is sent for an event of this type."""
    return {
        "allOf": [
            {"$ref": f"#/components/schemas/{ENVELOPE}"},
            {
                "type": "object",
                "properties": {
                    "type": {"const": one.name},
                    "data": {"$ref": f"#/components/schemas/{one.shape_name}"},
                },
            },
        ]
    }


def example(one: EventType) -> dict[str, Any]:
    """An example of it."""
    return {
        "id": EXAMPLE_ID,
        "type": one.name,
        "timestamp": EXAMPLE_TIME,
        "subject": one.subject_of(one.example),
        "sequence": 3,
        "organization_id": EXAMPLE_ID,
        "data": one.example,
    }
