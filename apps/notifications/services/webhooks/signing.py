"""Signatures by the Standard Webhooks specification (https://www.standardwebhooks.com), version 1.

Signed is `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256, by every secret in force, separated by spaces: a
receiver that knows one of them accepts the message.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

PREFIX = "whsec_"
SECRET_BYTES = 32
RESERVED = frozenset(
    {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-correlation-id",
        "traceparent",
        "tracestate",
        "content-type",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "expect",
        "te",
        "trailer",
        "host",
        "cookie",
        "user-agent",
        "proxy-authorization",
    }
)
"""Headers that are the platform's to set."""


def new_secret() -> str:
    """A secret as receivers write it down."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secrets_in_force(entries: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    """The secrets of an endpoint that sign now, the newest first."""
    return [
        entry["secret"]
        for entry in entries
        if entry["expires_at"] is None or datetime.fromisoformat(entry["expires_at"]) > now
    ]


def sign(secrets_: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets_)


def _signature(secret: str, signed: bytes) -> str:
    mac = _keyed(secret).copy()
    mac.update(signed)
    return base64.b64encode(mac.digest()).decode()


@lru_cache(maxsize=1024)
def _keyed(secret: str) -> hmac.HMAC:
    """With the key read in; `hmac.digest` would let go of the interpreter lock for each message."""
    return hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), digestmod=hashlib.sha256)
