"""Connecting to the database behind its policy, on real connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.utils import OperationalError

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
    assert alone.get("database").circuit.totals().succeeded == 1


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


def test_forcing_the_database_open_is_refused(alone: Registry) -> None:
    with pytest.raises(Invalid, match="sign in"):
        force_open(service="database", reason="x", actor_id=None)
    assert alone.policy("database").call(bool) is False
