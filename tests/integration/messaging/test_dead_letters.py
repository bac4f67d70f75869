"""Messages that were given up: seen by operators, and tried again by a button."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.outbox.models import OutboxMessage
from apps.messaging.publishing import publish_due
from apps.messaging.services import remove_published
from apps.messaging.tasks import remove_old_messages
from tests.api import problem, signed_in
from tests.factories.accounts import OperatorFactory, OrganizationFactory
from tests.factories.core import OutboxMessageFactory
from tests.integration.messaging.conftest import Consumer, tell

pytestmark = pytest.mark.django_db

LIST = "/api/v1/outbox/"
ADMIN = "/admin/core/outboxmessage/"


@pytest.fixture
def operator() -> APIClient:
    return signed_in(OperatorFactory.create())


def parked(consumer: Consumer, settings: Settings) -> OutboxMessage:
    """A message that its consumer refused for the last time."""
    settings.OUTBOX_MAX_ATTEMPTS = 1
    consumer.poison = lambda message: message.type == "contest.bad"
    tell("contest/1", "contest.opened")
    message = tell("contest/1", "contest.bad")
    tell("contest/1", "contest.locked")
    assert publish_due() + publish_due() == 3
    consumer.poison = lambda _message: False
    return message


def test_a_replayed_message_is_published_with_its_own_number(
    consumer: Consumer, settings: Settings, operator: APIClient
) -> None:
    message = parked(consumer, settings)
    (row,) = operator.get(LIST, {"state": "parked"}).json()["results"]
    assert (row["id"], row["state"], row["attempts"], row["last_error"]) == (
        str(message.pk),
        "parked",
        1,
        "ValueError: can't digest contest.bad",
    )

    answer = operator.post(f"{LIST}{message.pk}/replay/").json()
    assert (answer["state"], answer["attempts"], answer["sequence"]) == ("waiting", 0, 2)
    assert publish_due() == 1
    assert consumer.order == [("contest/1", 1), ("contest/1", 3), ("contest/1", 2)]
    problem(operator.post(f"{LIST}{message.pk}/replay/"), 409, "NOT_A_DEAD_LETTER")


def test_lists_are_filtered_by_every_state(consumer: Consumer, settings: Settings, operator: APIClient) -> None:
    parked(consumer, settings)
    consumer.poison = lambda _message: True
    settings.OUTBOX_MAX_ATTEMPTS = 5
    tell("contest/2", "contest.late")
    publish_due()
    tell("contest/3", "contest.next")

    def types(*states: str) -> list[str]:
        return [row["type"] for row in operator.get(LIST, {"state": states}).json()["results"]]

    assert types("published") == ["contest.locked", "contest.opened"]
    assert types("parked", "retrying") == ["contest.late", "contest.bad"]
    assert types("waiting") == ["contest.next"]
    assert [row["type"] for row in operator.get(LIST, {"subject": "contest/2"}).json()["results"]] == ["contest.late"]


def test_an_operator_in_an_organization_sees_its_messages_alone() -> None:
    ice: Organization = OrganizationFactory.create()
    OutboxMessageFactory.create()
    hers = OutboxMessageFactory.create(organization_id=ice.pk)

    rows = signed_in(OperatorFactory.create(), ice).get(LIST).json()["results"]
    assert [row["id"] for row in rows] == [str(hers.pk)]


def test_the_admin_lists_dead_letters_and_replays_them(consumer: Consumer, settings: Settings) -> None:
    message = parked(consumer, settings)
    client = Client()
    client.force_login(OperatorFactory.create())
    page = client.get(ADMIN, {"state": "parked"}).content.decode()
    assert ("contest.bad" in page, "contest.opened" in page, "can&#x27;t digest" in page) == (True, False, True)

    body = {"action": "replay", "_selected_action": [str(one.pk) for one in OutboxMessage.objects.all()]}
    page = client.post(ADMIN, body, follow=True).content.decode()
    assert "Messages that the relay tries again: 1." in page
    assert page.count("is not parked") == 2
    message.refresh_from_db()
    assert (message.parked_at, message.attempts) == (None, 0)


def test_the_admin_shows_the_whole_of_a_message() -> None:
    message = OutboxMessageFactory.create(data={"status": "in-the-payload"})
    client = Client()
    client.force_login(OperatorFactory.create())

    page = client.get(f"{ADMIN}{message.pk}/change/").content.decode()

    shown = [str(message.organization_id), message.type, message.subject, "in-the-payload", "can&#x27;t digest it"]
    assert [text for text in shown if text not in page.partition('id="main"')[2]] == []


def test_what_was_published_long_ago_is_removed(settings: Settings, consumer: Consumer) -> None:
    for _ in range(5):
        tell()
    publish_due()
    old = list(OutboxMessage.objects.values_list("pk", flat=True)[:3])
    OutboxMessage.objects.filter(pk__in=old).update(
        published_at=clock.now() - settings.OUTBOX_RETENTION - timedelta(hours=1)
    )
    OutboxMessageFactory.create(created_at=clock.now() - timedelta(days=400))

    assert remove_published(batch=2) == 3
    assert OutboxMessage.objects.count() == 3
    assert remove_old_messages() == 0
