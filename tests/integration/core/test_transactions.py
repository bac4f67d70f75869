"""Tests lend the code no transaction: what counts on one is refused, as it would fail outside."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from tests.integration.core.town import Town
from tests.transactions import NoTransactionError

pytestmark = pytest.mark.django_db

STATEMENTS = [
    "SELECT 1 FROM accounts_user FOR UPDATE",
    "SELECT 1 FROM accounts_user FOR NO KEY UPDATE",
    "SELECT pg_advisory_xact_lock(1)",
    "SET LOCAL work_mem = '4MB'",
    "SELECT set_config('work_mem', '4MB', true)",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_is_refused_outside_a_transaction_and_done_inside(statement: str) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(NoTransactionError):
            cursor.execute(statement)
        with transaction.atomic():
            cursor.execute(statement)


def test_a_town_lends_none_either(town: Town) -> None:
    with pytest.raises(NoTransactionError):
        list(User.objects.select_for_update())


def test_one_statement_may_lock_for_itself() -> None:
    with connection.cursor() as cursor:
        cursor.execute("WITH locked AS (SELECT id FROM accounts_user FOR UPDATE) SELECT count(*) FROM locked")
