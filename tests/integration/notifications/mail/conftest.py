"""A post office, and mails for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import MailKind
from apps.notifications.models import EmailMessage
from apps.notifications.services.email import waking
from apps.notifications.services.email.hooks import Draft, Recipient, Words
from apps.notifications.services.email.writing import write_mails
from config.settings.mail import _account
from tests.integration.notifications.conftest import publish_again
from tests.post_office import PostOffice, post_office

Write = Callable[..., EmailMessage]


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    """The one server that is configured."""
    with post_office() as running:
        use(settings, running)
        yield running


@pytest.fixture
def second(settings: Settings, office: PostOffice) -> Iterator[PostOffice]:
    """The server to fall back to."""
    with post_office() as running:
        use(settings, office, running)
        yield running


@pytest.fixture(autouse=True)
def _no_worker_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds are the test's to start."""
    monkeypatch.setattr(waking, "enqueue_on_commit", lambda *_, **__: None)


@pytest.fixture
def write(club: Organization) -> Write:
    """Puts a mail of the club's into the queue."""

    def one(address: str = "ann@example.org", **fields: Any) -> EmailMessage:
        draft = draft_of(club, [Recipient(address)], **fields)
        write_mails([draft])
        return EmailMessage.of_all_organizations.get(message_id=draft.message_id)

    return one


def draft_of(club: Organization | None, recipients: list[Recipient], **fields: Any) -> Draft:
    """Something to say to these."""
    values: dict[str, Any] = {
        "kind": MailKind.RESULT_PUBLISHED,
        "organization_id": club.pk if club else None,
        "message_id": new_id(),
        "recipients": recipients,
        "words": Words("The result is out", ("It has been published.",), ("Look at it", "https://podium.example/")),
        "correlation_id": "the-story",
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        **fields,
    }
    return Draft(**values)


def use(settings: Settings, *offices: PostOffice) -> None:
    """Have these servers asked, in this order."""
    services = ("email", "email_second")
    accounts = [_account(service, office.url) for service, office in zip(services, offices, strict=False)]
    settings.MAIL = {**settings.MAIL, "ACCOUNTS": accounts}


def fresh(mail: EmailMessage) -> EmailMessage:
    found: EmailMessage = EmailMessage.of_all_organizations.get(pk=mail.pk)
    return found


def make_due() -> None:
    """The pause before the next attempt is over."""
    EmailMessage.of_all_organizations.filter(next_attempt_at__isnull=False).update(
        next_attempt_at="2026-01-01T00:00Z"
    )


def written() -> list[tuple[str, str]]:
    """Kind and recipient of all mails, in order."""
    return sorted(EmailMessage.of_all_organizations.values_list("kind", "recipient"))


def publish_outbox() -> list[PublishedMessage]:
    """What the relay does with everything that was told."""
    told = [
        PublishedMessage(
            id=row.pk,
            organization_id=row.organization_id,
            type=row.type,
            subject=row.subject,
            sequence=1,
            data=row.data,
            time=row.created_at,
            correlation_id=row.correlation_id,
            traceparent=row.traceparent,
            actor_id=row.actor_id,
        )
        for row in OutboxMessage.objects.order_by("pk")
    ]
    publish_again(told)
    return told
