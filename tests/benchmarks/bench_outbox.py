"""The outbox: messages a second through the relay, and what telling adds to a commit."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction

from apps.core import clock
from apps.core.ids import new_id
from apps.core.outbox.models import SHARDS, WAITING, OutboxMessage
from apps.core.outbox.services import DomainEvent, emit_many
from apps.messaging.hooks import messages_published
from apps.messaging.publishing import publish_due
from tests.benchmarks.figures import Figure, figure_of, milliseconds

MESSAGES = 10_000
SIMPLE = 500  # the simple relay is measured with fewer
SUBJECTS = 200
COMMITS = 300
TRIGGER = "outbox_numbered_at_commit"


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """`relay`, `commit`."""
    messages_published._functions.clear()  # nobody listens: the relay's own work
    number = max(SIMPLE, round(MESSAGES * scale))
    relay = []
    for _ in range(rounds):
        fill(number)
        ours = number / milliseconds(drain) * 1000
        assert not OutboxMessage.objects.filter(published_at=None).exists()
        fill(SIMPLE)
        relay.append((ours, SIMPLE / milliseconds(drain_one_by_one) * 1000))
    yield figure_of(
        "outbox", "relay", relay, yardstick_name="a transaction a message", unit="messages/s", better="higher"
    )
    commit = [(milliseconds(commits) / COMMITS, milliseconds(bare_commits) / COMMITS) for _ in range(rounds)]
    yield figure_of(
        "outbox", "commit", commit, yardstick_name="the row without its number", unit="ms", better="lower"
    )


def fill(number: int) -> None:
    """Messages of many subjects, committed and waiting."""
    OutboxMessage.objects.all().delete()
    subjects = [new_id() for _ in range(SUBJECTS)]
    with transaction.atomic():
        emit_many([event(subjects[place % SUBJECTS]) for place in range(number)])


def event(subject: object) -> DomainEvent:
    data = {"dataset_id": str(subject), "slug": "finals-2026"}
    return DomainEvent("dataset.created", f"dataset/{subject}", None, data)


def drain() -> None:
    """As the relay does."""
    while publish_due():
        pass


def drain_one_by_one() -> None:
    """The relay that is written first: the next row that nobody has locked, marked, committed."""
    for shard in range(SHARDS):  # by the same index
        while True:
            with transaction.atomic():
                waiting = OutboxMessage.objects.filter(WAITING, shard=shard).order_by("position")
                message = waiting.select_for_update(skip_locked=True).first()
                if message is None:
                    break
                message.published_at = clock.now()
                message.save(update_fields=["published_at"])


def commits() -> None:
    """Transactions that tell of one thing each."""
    for _ in range(COMMITS):
        with transaction.atomic():
            emit_many([event(new_id())])


def bare_commits() -> None:
    """The same rows without the trigger that numbers them."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE core_outboxmessage DISABLE TRIGGER {TRIGGER}")
        commits()
        cursor.execute(f"ALTER TABLE core_outboxmessage ENABLE TRIGGER {TRIGGER}")
