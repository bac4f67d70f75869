"""Who is told of what the relay publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.hooks import Hook


@dataclass(frozen=True, slots=True)
class PublishedMessage:
    """An outbox message on its way out.

    `sequence` counts the messages of a subject from 1, without gaps, in the order of their commits. `organization_id`
    is None for events of the platform itself.
    """

    id: UUID
    organization_id: UUID | None
    type: str
    subject: str
    sequence: int
    data: Mapping[str, object]
    time: datetime
    correlation_id: str
    traceparent: str
    actor_id: UUID | None


messages_published: Hook[[Sequence[PublishedMessage]], None] = Hook(
    "messages_published",
    "The relay publishes these messages, each subject's in order. Called in the transaction that marks them "
    "published, in a platform scope: a consumer writes what it will do as rows of its own (idempotent by message id) "
    "and does not call the outside.",
)
