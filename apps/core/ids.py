"""Identifiers. Keys are UUIDv7 (RFC 9562): unique without a round trip, and in order of creation."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 as the standard library's type."""
    value: UUID = uuid7()
    return value
