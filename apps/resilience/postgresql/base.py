"""Connecting to PostgreSQL, behind the policy `database`.

While the database is away a request learns so at once instead of waiting for a connection: 503 with `Retry-After`. A
pool that is merely busy says nothing about the database, and is refused without counting as its failure.
"""

from __future__ import annotations

from typing import Any

from django.db.utils import OperationalError
from psycopg_pool import PoolTimeout

from apps.core.audit.backend import base
from apps.core.errors import Unavailable
from apps.resilience.defaults import policy
from apps.resilience.errors import BulkheadFull, ResilienceError

SERVICE = "database"


class DatabaseUnavailable(Unavailable, OperationalError):
    """No connection to the database can be had now. Also an `OperationalError`, for code that knows only Django."""

    code = "DATABASE_UNAVAILABLE"


class DatabaseWrapper(base.DatabaseWrapper):
    """Podium's PostgreSQL backend, whose connecting is protected."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, or take a connection from the pool.

        Raises:
            DatabaseUnavailable: the circuit is open, the attempts are spent, or the pool is busy.
        """
        try:
            return policy(SERVICE).call(self._connect, conn_params)
        except ResilienceError as error:
            raise DatabaseUnavailable(error.detail, retry_after=error.retry_after or 1.0) from error

    def _connect(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except PoolTimeout as error:
            pool = self.pool.get_stats()
            if pool["pool_size"] < pool["pool_max"]:
                raise  # there was room, but no connection came: the database's fault
            detail = f"All {pool['pool_max']} connections of this process are in use."
            raise BulkheadFull(detail, service=SERVICE, retry_after=1.0) from error
