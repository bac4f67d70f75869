"""The relay's process: woken, patient, and ended politely."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection

from apps.core.outbox.models import OutboxMessage
from apps.messaging.bell import Bell
from apps.messaging.relay import Relay
from tests.integration.messaging.conftest import LIMIT, Consumer, tell

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = 60.0


def database_url() -> str:
    at = connection.settings_dict
    return f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def bell(stopping: threading.Event) -> Iterator[Bell]:
    """A bell that listens already."""
    one = Bell(database_url(), stopping)
    assert one.wait(0.01) is False
    yield one
    one.close()


@pytest.fixture
def running(bell: Bell, stopping: threading.Event) -> Iterator[Callable[[], None]]:
    """A relay that only the bell wakes; the function that is given stops it."""

    def run() -> None:
        Relay(bell=bell, poll=NEVER, stopping=stopping).run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def stop() -> None:
        stopping.set()
        thread.join(LIMIT)
        assert not thread.is_alive()

    yield stop
    stop()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # another thread at work: no clock to turn


def test_the_commit_of_a_message_rings_and_only_into_a_quiet_queue(bell: Bell) -> None:
    tell()
    assert bell.wait(LIMIT) is True
    tell()

    assert bell.wait(0.05) is False


def test_a_message_wakes_the_relay(consumer: Consumer, running: Callable[[], None]) -> None:
    for number in range(1, 4):
        tell()
        wait_for(lambda number=number: len(consumer.got) == number)

    assert consumer.order == [("contest/1", 1), ("contest/1", 2), ("contest/1", 3)]


def test_without_a_bell_the_relay_polls(consumer: Consumer, stopping: threading.Event) -> None:
    deaf = Bell("postgresql://127.0.0.1:1/nowhere", stopping)
    thread = threading.Thread(
        target=lambda: (Relay(bell=deaf, poll=0.05, stopping=stopping).run(), connection.close())
    )
    thread.start()
    try:
        tell()
        wait_for(lambda: len(consumer.got) == 1)
    finally:
        stopping.set()
        thread.join(LIMIT)


def test_the_batch_in_hand_is_ended_before_the_relay_stops(
    consumer: Consumer, stopping: threading.Event, bell: Bell
) -> None:
    def stop_in_the_middle(_message: object) -> bool:
        stopping.set()
        return False

    consumer.poison = stop_in_the_middle
    tell()
    Relay(bell=bell, poll=NEVER, stopping=stopping).run()

    assert len(consumer.got) == 1
    assert OutboxMessage.objects.filter(published_at=None).count() == 0


def test_a_lost_connection_spends_no_attempt(
    consumer: Consumer, bell: Bell, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(_message: object) -> bool:
        connection.connection.close()
        connection.cursor().execute("SELECT 1")
        return False

    tell()
    relay = Relay(bell=bell, poll=NEVER, stopping=stopping)
    consumer.poison = lose
    assert relay.publish() is None
    consumer.poison = lambda _message: False

    assert relay.publish() == 1
    assert list(OutboxMessage.objects.values_list("attempts", flat=True)) == [0]
    assert len(consumer.got) == 1


def test_once_publishes_what_is_due_and_ends(consumer: Consumer) -> None:
    for _ in range(5):
        tell()
    call_command("relay", once=True, batch=2)

    assert consumer.order == [("contest/1", number) for number in range(1, 6)]
