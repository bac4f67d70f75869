"""Tells PostgreSQL who acts, for which organization and in which story, so that triggers can write it down.

The settings are local to the transaction (safe with PgBouncer), made right before its first write, and made again
when they change or when a savepoint took them back. A write outside a transaction gets one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_prometheus.db.backends.postgresql import base

from apps.core.correlation.context import current
from apps.core.tenancy import current_organization_id

Settings = tuple[str, str, str]

SAY = (
    "SELECT set_config('podium.actor_id', %s, true), set_config('podium.correlation_id', %s, true),"
    " set_config('podium.organization_id', %s, true)"
)
NOBODY: Settings = ("", "", "")
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH")


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """A connection that says for whom it writes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._said: Settings = NOBODY
        self.execute_wrappers.append(self._say_before_writing)

    def _say_before_writing(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if not isinstance(sql, str) or sql.lstrip().upper().startswith(WRITES):
            wanted = _settings()
            if wanted != self._said:
                if not self.in_atomic_block:
                    with self.connection.transaction():
                        self.connection.execute(SAY, wanted)
                        return execute(sql, params, many, context)
                self.connection.execute(SAY, wanted)
                self._said = wanted
        return execute(sql, params, many, context)

    def _set_autocommit(self, autocommit: bool) -> None:
        self._said = NOBODY
        super()._set_autocommit(autocommit)

    def _commit(self) -> Any:
        self._said = NOBODY
        return super()._commit()

    def _rollback(self) -> Any:
        self._said = NOBODY
        return super()._rollback()

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        self._said = ("?", "?", "?")  # they may be those of before the savepoint, or not

    def close(self) -> None:
        self._said = NOBODY
        super().close()


def _settings() -> Settings:
    correlation = current()
    organization = current_organization_id()
    return (
        str(correlation.actor_id or "") if correlation else "",
        correlation.correlation_id if correlation else "",
        str(organization or ""),
    )
