"""How the apps above take part in an erasure."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.core.hooks import Hook


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """Somebody who is being erased: their account, the rows that were theirs by label, their addresses and names.

    The rows are overwritten already. The terms are for looking up what is stored elsewhere, and for nothing else.
    """

    user_id: UUID
    rows: dict[str, tuple[UUID, ...]]
    addresses: tuple[str, ...]
    names: tuple[str, ...]


erasing: Hook[[ErasedPerson], None] = Hook(
    "erasing", "A person is being erased: end their sessions, refuse to send what was stored for them."
)
