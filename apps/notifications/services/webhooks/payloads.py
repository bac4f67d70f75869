"""The bytes that are sent: `{"id", "type", "timestamp", "subject", "sequence", "organization_id", "data"}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, get_resolver, reverse


def render_body(
    *,
    message_id: UUID,
    type: str,
    subject: str,
    sequence: int,
    organization_id: UUID,
    occurred_at: datetime,
    data: Mapping[str, object],
) -> bytes:
    """The body of a message; thin, with ids and links in place of the data, where it would be too large."""
    envelope: dict[str, object] = {
        "id": str(message_id),
        "type": type,
        "timestamp": occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "subject": subject,
        "sequence": sequence,
        "organization_id": str(organization_id),
    }
    whole = _as_json({**envelope, "data": dict(data)})
    largest: int = settings.WEBHOOKS["LARGEST_PAYLOAD"]
    if len(whole) <= largest:
        return whole
    ids = {name: value for name, value in data.items() if name == "id" or name.endswith("_id")}
    links = {"subject": link} if (link := link_of(subject)) else {}
    return _as_json({**envelope, "thin": True, "data": ids, "links": links})


def link_of(subject: str) -> str | None:
    """The path in the API of a subject such as `contest/<id>`; None where it has none."""
    kind, _, key = subject.partition("/")
    for namespace in get_resolver().namespace_dict["v1"][1].namespace_dict:
        with suppress(NoReverseMatch):
            return reverse(f"v1:{namespace}:{kind}-detail", args=[key])
    return None


def _as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
