"""Batches: in order, once, and past what can't be digested."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from apps.core.correlation.context import correlated, new_correlation
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from apps.core.outbox.services import emit
from apps.messaging.publishing import LEASES, publish_due
from apps.messaging.selectors import OutboxFigures, outbox_figures
from tests.conftest import FakeClock
from tests.integration.messaging.conftest import Consumer, another_transaction, tell

pytestmark = pytest.mark.django_db


def states() -> list[tuple[str, int, bool, bool]]:
    rows = OutboxMessage.objects.order_by("position")
    return [(row.type, row.attempts, bool(row.published_at), bool(row.parked_at)) for row in rows]


def test_consumers_get_the_whole_message(consumer: Consumer, fake_clock: FakeClock) -> None:
    organization, person = new_id(), new_id()
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    story = new_correlation(correlation_id="the-story", traceparent=trace)
    with correlated(story), transaction.atomic():
        row = emit(type="contest.locked", subject="contest/9", organization_id=organization, data={"id": "9"})
        OutboxMessage.objects.filter(pk=row.pk).update(actor_id=person)
    connection.check_constraints()

    assert publish_due() == 1
    (got,) = consumer.got
    assert (got.id, got.organization_id, got.type, got.subject, got.sequence, got.data) == (
        row.pk,
        organization,
        "contest.locked",
        "contest/9",
        1,
        {"id": "9"},
    )
    assert (got.correlation_id, got.traceparent, got.actor_id, got.time) == (
        "the-story",
        trace,
        person,
        fake_clock.now(),
    )
    assert OutboxMessage.objects.get().published_at == fake_clock.now()


def test_a_batch_ends_anywhere_and_each_subject_keeps_its_order(consumer: Consumer) -> None:
    subjects = [f"contest/{number}" for number in range(7)]
    for subject in subjects * 5:
        tell(subject)
    while publish_due(limit=3):
        pass

    assert publish_due() == 0
    assert len(consumer.got) == 35
    for subject in subjects:
        assert [sequence for name, sequence in consumer.order if name == subject] == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_what_has_not_committed_is_not_published(consumer: Consumer) -> None:
    with another_transaction(lambda: tell(type="contest.opened")) as commit:
        tell()
        assert publish_due() == 1
        commit()

    assert publish_due() == 1
    assert [(message.type, message.sequence) for message in consumer.got] == [
        ("contest.locked", 1),
        ("contest.opened", 2),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_shard_is_one_relays_at_a_time_and_the_others_are_free(consumer: Consumer) -> None:
    subjects = [f"contest/{number}" for number in range(30)]
    for subject in subjects:
        tell(subject)
    held = OutboxMessage.objects.order_by("position")[0].shard
    others = OutboxMessage.objects.exclude(shard=held).count()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LEASES, held])

    with another_transaction(hold) as end:
        assert publish_due() == others
        end()
    assert publish_due() == 30 - others
    assert len({message.id for message in consumer.got}) == len(consumer.got) == 30


def test_a_message_that_is_refused_holds_up_its_subject_and_no_other(
    consumer: Consumer, fake_clock: FakeClock
) -> None:
    consumer.poison = lambda message: message.type == "contest.bad"
    for type_ in ("contest.opened", "contest.bad", "contest.locked"):
        tell("contest/1", type_)
    for number in range(2, 12):
        tell(f"contest/{number}")

    assert publish_due() + publish_due() == 12
    assert states()[:3] == [
        ("contest.opened", 0, True, False),
        ("contest.bad", 1, False, False),
        ("contest.locked", 0, False, False),
    ]
    assert all(state == ("contest.locked", 0, True, False) for state in states()[3:])
    assert OutboxMessage.objects.get(type="contest.bad").last_error == "ValueError: can't digest contest.bad"

    consumer.poison = lambda _message: False
    assert publish_due() == 0  # not yet
    fake_clock.advance(1.01)
    assert publish_due() == 2
    assert [sequence for subject, sequence in consumer.order if subject == "contest/1"] == [1, 2, 3]


def test_after_the_last_attempt_it_is_parked_and_its_subject_goes_on(
    consumer: Consumer, fake_clock: FakeClock, settings: Settings
) -> None:
    settings.OUTBOX_MAX_ATTEMPTS = 3
    consumer.poison = lambda message: message.type == "contest.bad"
    tell("contest/1", "contest.bad")
    tell("contest/1", "contest.locked")
    waits = []
    while OutboxMessage.objects.filter(parked_at=None, published_at=None).exists():
        publish_due()
        if retry_at := OutboxMessage.objects.get(type="contest.bad").retry_at:
            waits.append(retry_at - fake_clock.now())
            fake_clock.advance(waits[-1].total_seconds() + 0.01)

    assert waits == [timedelta(seconds=1), timedelta(seconds=2)]
    assert states() == [("contest.bad", 3, False, True), ("contest.locked", 0, True, False)]
    assert consumer.order == [("contest/1", 2)]
    assert outbox_figures() == OutboxFigures(waiting=0, oldest_seconds=0, retrying=0, parked=1)


def test_what_a_consumer_has_written_goes_with_its_refusal(consumer: Consumer) -> None:
    """Each attempt is undone whole: a consumer's rows and the mark commit together, or not at all."""

    def write_and_refuse(message: object) -> bool:
        tell("park/1", "park.touched")
        return True

    consumer.poison = write_and_refuse
    tell()
    publish_due()

    assert list(OutboxMessage.objects.values_list("type", "attempts")) == [("contest.locked", 1)]


def test_the_oldest_message_tells_how_late_the_relay_is(fake_clock: FakeClock) -> None:
    tell()
    fake_clock.advance(90)
    tell()

    assert outbox_figures() == OutboxFigures(waiting=2, oldest_seconds=90, retrying=0, parked=0)
