"""The AsyncAPI 3.0 document: the same events, for tools that know events rather than requests."""

from __future__ import annotations

from typing import Any

import yaml
from django.conf import settings

from apps.core.outbox.catalogue import EventType
from apps.messaging.documents.envelope import HEADERS, OPTIONAL_HEADERS, example, payload, schemas, sent


def document() -> dict[str, Any]:
    """The document as JSON values."""
    types = sent()
    about = settings.SPECTACULAR_SETTINGS
    headers = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": meaning, "examples": [value]}
            for name, (meaning, value) in HEADERS.items()
        },
        "required": [name for name in HEADERS if name not in OPTIONAL_HEADERS],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": about["TITLE"], "version": about["VERSION"], "description": about["DESCRIPTION"]},
        "defaultContentType": "application/json",
        "channels": {
            "webhooks": {
                "address": None,
                "title": "Webhooks",
                "description": "A POST to each endpoint that subscribes to the type, signed as Standard Webhooks "
                "says. The address is the endpoint's own.",
                "messages": {one.name: {"$ref": f"#/components/messages/{one.name}"} for one in types},
            }
        },
        "operations": {
            "deliver": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhooks"},
                "summary": "Tell of what has happened, at least once.",
            }
        },
        "components": {
            "messages": {one.name: _message(one) for one in types},
            "messageTraits": {"signed": {"headers": headers}},
            "schemas": dict(sorted(schemas().items())),
        },
    }


def as_yaml() -> str:
    """The text of docs/api/asyncapi.yaml."""
    text: str = yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=116)
    return text


class _Plain(yaml.SafeDumper):
    """Without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _message(one: EventType) -> dict[str, Any]:
    return {
        "name": one.name,
        "summary": one.meaning,
        "traits": [{"$ref": "#/components/messageTraits/signed"}],
        "payload": payload(one),
        "examples": [{"payload": example(one)}],
    }
