"""How the apps above say whom to write to, and what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.core.hooks import Hook
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import MailKind


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address, and whose account it belongs to where it is one's."""

    address: str
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says: a subject, paragraphs, and where to go from there (a label and an address)."""

    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail and all who get it, each by themselves and if they want it.

    `message_id` is what it follows from: together with `kind` and an address it is written once, however often.
    `to_subscribers` adds the members who have switched its topic on.
    """

    kind: MailKind
    organization_id: UUID | None
    message_id: UUID
    recipients: Sequence[Recipient]
    words: Words
    correlation_id: str = ""
    traceparent: str = ""
    to_subscribers: bool = False


mails_about: Hook[[Sequence[PublishedMessage]], Sequence[Draft]] = Hook(
    "mails_about",
    "Which mails follow from these messages. Called in the transaction that publishes them, in a platform scope. "
    "Reads only.",
)
