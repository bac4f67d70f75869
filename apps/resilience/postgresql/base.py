"""PostgreSQL behind the policy `database`: connecting, and statements that stand outside a transaction or open one.

While the database is away a request learns so at once instead of waiting for a connection: 503 with `Retry-After`.
A pool that is merely busy says nothing about the database, and is refused without counting as its failure. Connecting
is repeated as the policy says; a statement never is, since nobody knows what became of it. Inside a transaction the
statement that opened it has asked already, and the rest goes on undisturbed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.utils import OperationalError
from psycopg.pq import TransactionStatus
from psycopg_pool import PoolTimeout

from apps.core.audit.backend import base
from apps.core.errors import Unavailable
from apps.resilience.config import Outcome
from apps.resilience.defaults import policy
from apps.resilience.errors import BulkheadFull, CircuitOpen, ResilienceError
from apps.resilience.gate import Permit

SERVICE = "database"


class DatabaseUnavailable(Unavailable, OperationalError):
    """The database can't be had now. Also an `OperationalError`, for code that knows only Django."""

    code = "DATABASE_UNAVAILABLE"


class DatabaseWrapper(base.DatabaseWrapper):
    """Podium's PostgreSQL backend, protected."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.insert(0, self._ask_first)

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

    def _ask_first(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        breaker = policy(SERVICE).breaker
        circuit = breaker.circuit
        permit: Permit | None = None
        try:
            if not self._in_transaction():
                permit = circuit.admit()
            result = execute(sql, params, many, context)
        except CircuitOpen as error:
            raise DatabaseUnavailable(error.detail, retry_after=error.retry_after or 1.0) from error
        except BaseException as error:
            outcome = breaker.judge(error)
            if permit is not None:
                circuit.settle(permit, outcome, error)
            if outcome is Outcome.FAILURE and isinstance(error, OperationalError):
                raise DatabaseUnavailable("The database was lost.", retry_after=1.0) from error
            raise
        if permit is not None:
            circuit.succeed(permit)
        return result

    def _in_transaction(self) -> bool:
        """Whether a statement opened one that is still there; a block that has asked nothing yet has not."""
        status = self.connection.pgconn.transaction_status
        return bool(self.in_atomic_block and status != TransactionStatus.IDLE)
