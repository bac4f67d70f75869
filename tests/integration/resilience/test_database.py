"""Connecting to the database behind its policy, on real connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.utils import OperationalError, ProgrammingError

from apps.core.errors import Invalid
from apps.core.rest.problems import status_of
from apps.resilience import defaults
from apps.resilience.postgresql.base import DatabaseUnavailable, DatabaseWrapper
from apps.resilience.registry import Registry
from apps.resilience.services import force_open
from config.settings.resilience import RESILIENCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def alone() -> Iterator[Registry]:
    """The real settings without a store, and without pauses between attempts."""
    services = dict(RESILIENCE["SERVICES"])  # type: ignore[call-overload]
    services["database"] = {**services["database"], "retry": {"attempts": 1}}
    registry = defaults.build({**RESILIENCE, "STORE_URL": "", "SERVICES": services})
    previous = defaults.install(registry)
    yield registry
    defaults.install(previous)


def wrapper(**changes: Any) -> DatabaseWrapper:
    settings = {**connection.settings_dict, **changes}
    return DatabaseWrapper(settings, "default")


def test_a_connection_is_made_and_counted(alone: Registry) -> None:
    database = wrapper()
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    database.close()
    assert alone.get("database").circuit.totals().succeeded == 2, "the connection and the statement"


def test_a_database_that_is_away_is_left_alone_after_a_few_tries(alone: Registry) -> None:
    alone.apply_overrides({"database": {"stamp": 1, "volume_threshold": 1}})
    away = wrapper(HOST="127.0.0.1", PORT="9")
    causes = []
    for _ in range(7):
        with pytest.raises(DatabaseUnavailable) as caught:
            away.ensure_connection()
        causes.append(type(caught.value.__cause__).__name__)
        assert isinstance(caught.value, OperationalError)
        assert (status_of(caught.value), (caught.value.retry_after or 0) > 0) == (503, True)
    assert causes == ["RetriesExhausted"] * 5 + ["CircuitOpen"] * 2


def test_a_busy_pool_is_no_fault_of_the_database(alone: Registry) -> None:
    options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 60}}
    one, two = (wrapper(OPTIONS=options, CONN_MAX_AGE=0) for _ in range(2))
    two._connection_pools = one._connection_pools = {}
    try:
        one.ensure_connection()
        assert one.pool is not None
        one.pool.timeout = 0.05
        with pytest.raises(DatabaseUnavailable, match="All 1 connections"):
            two.ensure_connection()
        one.pool.timeout = 60
        totals = alone.get("database").circuit.totals()
        assert (totals.succeeded, totals.failed, totals.ignored) == (1, 0, 1)
        one.close()
        two.ensure_connection()
        two.close()
    finally:
        one.close_pool()


def counts(registry: Registry) -> tuple[int, int]:
    totals = registry.get("database").circuit.totals()
    return totals.succeeded, totals.failed


@pytest.fixture
def database(alone: Registry) -> Iterator[DatabaseWrapper]:
    """A connection of the test's own that has been made, and a circuit that has counted nothing but that."""
    own = DatabaseWrapper({**connection.settings_dict}, "own")
    connections["own"] = own
    own.ensure_connection()
    yield own
    own.close()
    del connections["own"]


def select(database: DatabaseWrapper) -> Any:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def test_a_statement_outside_a_transaction_and_one_that_opens_one_are_counted(
    alone: Registry, database: DatabaseWrapper
) -> None:
    begin, _ = counts(alone)
    select(database)
    assert counts(alone) == (begin + 1, 0)
    with transaction.atomic(using="own"):
        select(database)
        select(database)
    assert counts(alone) == (begin + 2, 0), "the second one was inside"


def test_what_the_database_refuses_is_an_answer(alone: Registry, database: DatabaseWrapper) -> None:
    begin, _ = counts(alone)
    with pytest.raises(ProgrammingError), database.cursor() as cursor:
        cursor.execute("SELECT nothing_of_that_name")
    assert counts(alone) == (begin + 1, 0)


def test_a_connection_that_is_lost_is_a_failure_and_a_503(alone: Registry, database: DatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [database.connection.info.backend_pid])
    with pytest.raises(DatabaseUnavailable) as caught:
        select(database)
    assert (status_of(caught.value), caught.value.retry_after) == (503, 1.0)
    assert counts(alone)[1] == 1


def test_while_the_circuit_is_open_no_statement_goes_out_but_those_of_an_open_transaction(
    alone: Registry, database: DatabaseWrapper
) -> None:
    with transaction.atomic(using="own"):
        select(database)
        alone.get("database").circuit.trip("an exercise")
        assert select(database) == (1,)
    with pytest.raises(DatabaseUnavailable, match="is open"):
        select(database)


def test_forcing_the_database_open_is_refused(alone: Registry) -> None:
    with pytest.raises(Invalid, match="sign in"):
        force_open(service="database", reason="x", actor_id=None)
    assert alone.policy("database").call(bool) is False
