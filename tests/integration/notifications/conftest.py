"""A receiver, an organization, and the relay's hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.ids import new_id
from apps.core.tenancy import organization_scope, platform_scope
from apps.messaging.hooks import PublishedMessage, messages_published
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.services.webhooks import fanout, sending
from apps.notifications.services.webhooks.sending import Round
from apps.resilience import defaults
from tests.factories.accounts import OrganizationFactory
from tests.factories.notifications import WebhookEndpointFactory
from tests.receiver import Receiver, receiving

Publish = Callable[..., list[PublishedMessage]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture(autouse=True)
def _circuits_of_this_test() -> Iterator[None]:
    previous = defaults.install(None)
    yield
    made = defaults.install(previous)
    if made is not None:
        made.close()


@pytest.fixture(autouse=True)
def _nobody_else_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds are the test's to start."""
    monkeypatch.setattr(fanout, "enqueue_on_commit", lambda *_, **__: None)
    monkeypatch.setattr(sending, "enqueue_on_commit", lambda *_, **__: None)


@pytest.fixture
def club() -> Organization:
    made: Organization = OrganizationFactory.create(name="Skating Club")
    return made


@pytest.fixture
def publish(club: Organization) -> Publish:
    """What the relay does with messages of the club."""

    def tell(number: int = 1, **fields: Any) -> list[PublishedMessage]:
        messages = [message(club, sequence=place, **fields) for place in range(1, number + 1)]
        publish_again(messages)
        return messages

    return tell


def message(club: Organization, **fields: Any) -> PublishedMessage:
    """A message of the club's."""
    values: dict[str, Any] = {
        "id": new_id(),
        "organization_id": club.pk,
        "type": "contest.locked",
        "subject": "contest/7",
        "sequence": 1,
        "data": {"contest_id": "7"},
        "time": clock.now(),
        "correlation_id": "the-story",
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "actor_id": None,
        **fields,
    }
    return PublishedMessage(**values)


def publish_again(messages: list[PublishedMessage]) -> None:
    """Tell the consumers of these messages."""
    with transaction.atomic(), platform_scope("the relay"):
        messages_published(messages)


def send_round(ours: BaseDatabaseWrapper | None = None) -> int:
    """One round of sending; how many results it wrote. Its thread uses this test's connection and transaction."""
    ours = ours or connections["default"]

    def share() -> None:
        connections["default"] = ours

    ours.inc_thread_sharing()
    try:
        with ThreadPoolExecutor(1, initializer=share) as rows:
            return asyncio.run(Round(lambda: False, rows).run())
    finally:
        ours.dec_thread_sharing()


def endpoint_at(club: Organization, url: str, **fields: Any) -> WebhookEndpoint:
    made: WebhookEndpoint = WebhookEndpointFactory.create(organization=club, target_url=url, **fields)
    return made


def deliveries(club: Organization) -> list[WebhookDelivery]:
    with organization_scope(club.pk):
        return list(WebhookDelivery.objects.order_by("pk").select_related("message", "endpoint"))


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    found: WebhookEndpoint = WebhookEndpoint._base_manager.get(pk=endpoint.pk)
    return found
