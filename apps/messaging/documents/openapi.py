"""The `webhooks` of the OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

from apps.core.outbox.catalogue import EventType
from apps.messaging.documents.envelope import HEADERS, OPTIONAL_HEADERS, example, payload, schemas, sent


def add_webhooks(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: one webhook for each type of event that an organization can subscribe to."""
    components = result["components"]
    components["schemas"] = dict(sorted({**components["schemas"], **schemas()}.items()))
    components["parameters"] = {
        name: {
            "name": name,
            "in": "header",
            "required": name not in OPTIONAL_HEADERS,
            "description": meaning,
            "schema": {"type": "string"},
            "example": value,
        }
        for name, (meaning, value) in HEADERS.items()
    }
    result["webhooks"] = {one.name: {"post": _operation(one)} for one in sent()}
    return result


def _operation(one: EventType) -> dict[str, Any]:
    return {
        "operationId": f"webhook_{one.name.replace('.', '_')}",
        "summary": one.meaning.rstrip("."),
        "tags": ["webhooks"],
        "security": [],
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": payload(one), "example": example(one)}},
        },
        "responses": {
            "2XX": {"description": "Taken. Answer at once, and work afterwards."},
            "410": {"description": "The endpoint is gone: it is disabled."},
            "default": {"description": "Sent again later, under the same id."},
        },
    }
