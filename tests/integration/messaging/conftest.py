"""Consumers for a test's time, and messages of two transactions at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from apps.core.outbox.models import OutboxMessage
from apps.core.outbox.services import emit
from apps.messaging.hooks import PublishedMessage, messages_published

LIMIT = 20.0


class Consumer:
    """Remembers what it was given; refuses what `poison` says."""

    def __init__(self) -> None:
        self.got: list[PublishedMessage] = []
        self.poison: Callable[[PublishedMessage], bool] = lambda _message: False

    def __call__(self, messages: Sequence[PublishedMessage]) -> None:
        for message in messages:
            if self.poison(message):
                raise ValueError(f"can't digest {message.type}\nDETAIL: a row's content")
        self.got += messages

    @property
    def order(self) -> list[tuple[str, int]]:
        return [(message.subject, message.sequence) for message in self.got]


@pytest.fixture(autouse=True)
def _any_event_will_do(settings: Settings) -> None:
    """Tests of the way don't mind what travels on it."""
    settings.OUTBOX_CHECKED = False


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """The only consumer."""
    one = Consumer()
    monkeypatch.setattr(messages_published, "_functions", [one])
    return one


def tell(
    subject: str = "contest/1", type: str = "contest.locked", organization_id: UUID | None = None
) -> OutboxMessage:
    """A message, committed; inside a test's own transaction numbered as if it were."""
    with transaction.atomic():
        message = emit(type=type, subject=subject, organization_id=organization_id, data={})
    if connection.in_atomic_block and threading.current_thread() is threading.main_thread():
        connection.check_constraints()
    return message


@contextmanager
def another_transaction(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """`work` is done in a transaction of another connection, which commits when the given function is called."""
    done, go = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert go.wait(LIMIT)
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            failed.append(error)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert done.wait(LIMIT)

    def commit() -> None:
        go.set()
        thread.join(LIMIT)

    try:
        yield commit
    finally:
        commit()
        assert failed == []
