"""What stops Podium from starting with tokens that anybody could forge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SHORTEST_KEY = 32


@register(Tags.security)
def signing_key_is_long_enough(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """HMAC-SHA-256 needs a key as long as its digest (RFC 7518, section 3.2)."""
    del app_configs, kwargs
    key = str(settings.SIMPLE_JWT.get("SIGNING_KEY") or settings.SECRET_KEY)
    if len(key.encode()) >= SHORTEST_KEY:
        return []
    return [
        Error(
            f"The key that signs tokens has {len(key.encode())} bytes; {SHORTEST_KEY} are needed.",
            hint="Set JWT_SIGNING_KEY to at least 32 random bytes: python -c 'import secrets; "
            "print(secrets.token_urlsafe(48))'",
            id="accounts.E001",
        )
    ]
