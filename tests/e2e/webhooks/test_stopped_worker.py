"""A worker that is told to stop finishes what it has begun; one that is killed leaves it to the next."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import transaction

from apps.accounts.models import Organization
from apps.core.tenancy import platform_scope
from apps.messaging.hooks import messages_published
from apps.notifications.enums import DeliveryState
from apps.notifications.models import DeliveryAttempt, WebhookDelivery
from tests.e2e.imports.worker import Worker, running_worker, wait_for
from tests.factories.accounts import OrganizationFactory
from tests.integration.notifications.conftest import endpoint_at, message
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 20
MESSAGES = 50
UNHURRIED = "60"  # seconds that a receiver may take
TIMEOUT = "6"  # so that a lease lasts for eleven seconds


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        running.answering = running.hang
        yield running


@pytest.fixture
def ids(receiver: Receiver) -> Iterator[list[str]]:
    """The messages that wait for the receiver."""
    current_app.control.purge()
    club: Organization = OrganizationFactory.create()
    endpoint_at(club, receiver.url)
    messages = [message(club) for _ in range(MESSAGES)]
    with transaction.atomic(), platform_scope("the relay"):
        messages_published(messages)
    yield [str(one.id) for one in messages]
    receiver.release()
    current_app.control.purge()


def wait_for_arrivals(receiver: Receiver, number: int, worker: Worker) -> None:
    wait_for(lambda: len(receiver.arrivals) >= number, worker, f"arrival {number}")


def states() -> Counter[str]:
    return Counter(WebhookDelivery.of_all_organizations.values_list("state", flat=True))


def test_told_to_stop_it_drains(receiver: Receiver, ids: list[str], tmp_path: Path) -> None:
    with running_worker(tmp_path, queue="webhooks", WEBHOOK_TIMEOUT=UNHURRIED) as worker:
        wait_for_arrivals(receiver, AT_ONCE, worker)
        worker.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Warm shutdown" in worker.log.read_text(), worker, "the word that it stops")
        receiver.release()
        assert worker.process.wait(60) == 0

    assert len(receiver.arrivals) == AT_ONCE  # nothing more was begun
    assert states() == {DeliveryState.DELIVERED: AT_ONCE, DeliveryState.PENDING: MESSAGES - AT_ONCE}
    assert not WebhookDelivery.of_all_organizations.filter(lease__isnull=False).exists()
    assert DeliveryAttempt.of_all_organizations.count() == AT_ONCE


def test_killed_it_loses_nothing_and_the_next_sends_the_same_ids(
    receiver: Receiver, ids: list[str], tmp_path: Path
) -> None:
    with running_worker(tmp_path, queue="webhooks", WEBHOOK_TIMEOUT=TIMEOUT) as first:
        wait_for_arrivals(receiver, AT_ONCE, first)
        first.kill()
    assert states() == {DeliveryState.PENDING: MESSAGES}
    begun = {arrival.message_id for arrival in receiver.arrivals}
    receiver.release()

    with running_worker(tmp_path, queue="webhooks", WEBHOOK_TIMEOUT=TIMEOUT) as second:
        current_app.send_task("notifications.send_webhooks", queue="webhooks")
        wait_for(lambda: states() == {DeliveryState.DELIVERED: MESSAGES}, second, "the last delivery")

    times = Counter(arrival.message_id for arrival in receiver.arrivals)
    assert set(times) == set(ids)
    assert {one for one, number in times.items() if number == 2} == begun
    assert max(times.values()) == 2
    assert DeliveryAttempt.of_all_organizations.count() == MESSAGES  # the killed worker's left no trace
