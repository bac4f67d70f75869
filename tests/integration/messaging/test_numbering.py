"""A message's number is that of its commit."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from apps.core.outbox.models import OutboxMessage, OutboxSubject
from apps.core.outbox.services import DomainEvent, emit_many
from tests.integration.messaging.conftest import another_transaction, tell

pytestmark = pytest.mark.django_db


def numbers() -> list[tuple[str, int | None]]:
    return list(OutboxMessage.objects.order_by("position").values_list("type", "sequence"))


@pytest.mark.django_db(transaction=True)
def test_what_commits_first_has_the_lower_number_whatever_the_ids_say() -> None:
    with another_transaction(lambda: tell(type="contest.opened")) as commit:
        tell(type="contest.locked")
        commit()

    assert numbers() == [("contest.locked", 1), ("contest.opened", 2)]
    assert list(OutboxMessage.objects.order_by("id").values_list("sequence", flat=True)) == [2, 1]


def test_a_rollback_leaves_no_gap() -> None:
    tell(type="contest.opened")
    with transaction.atomic():
        tell()
        connection.check_constraints()  # what the commit would do
        assert OutboxSubject.objects.get().last == 2
        transaction.set_rollback(True)
    tell(type="contest.locked")

    assert numbers() == [("contest.opened", 1), ("contest.locked", 2)]


def test_messages_of_one_transaction_keep_their_order_and_each_subject_its_own_count() -> None:
    told = [("b.one", "b/1"), ("a.one", "a/1"), ("b.two", "b/1"), ("b.three", "b/1")]
    with transaction.atomic():
        emit_many([DomainEvent(type_, subject, None) for type_, subject in told])
        with transaction.atomic():
            emit_many([DomainEvent("a.two", "a/1", None)])
    connection.check_constraints()

    assert numbers() == [("a.one", 1), ("a.two", 2), ("b.one", 1), ("b.two", 2), ("b.three", 3)]
    assert dict(OutboxSubject.objects.values_list("subject", "last")) == {"a/1": 2, "b/1": 3}


@pytest.mark.django_db(transaction=True)
def test_an_open_transaction_holds_up_nobody_who_tells_of_the_same_subject() -> None:
    """The subject is locked by the commit, and not by `emit`."""
    with another_transaction(tell) as commit:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            tell()
            cursor.execute("RESET lock_timeout")
        commit()

    assert [number for _, number in numbers()] == [1, 2]
