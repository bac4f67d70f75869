"""History is written once. Only an erasure changes it, and says so."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from apps.core.triggers import TriggerConstraint

CREATE = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'history is written once', ERRCODE = 'integrity_constraint_violation',
        CONSTRAINT = {constraint}, TABLE = TG_TABLE_NAME;
END
$body$
""")
ON_CHANGE = sql.SQL("""
CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW WHEN (COALESCE(current_setting('podium.erasing', true), '') = '') EXECUTE FUNCTION {name}()
""")


class AppendOnly(TriggerConstraint):
    """Rows are inserted, and after that neither changed nor removed, but by an erasure."""

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", (), {"name": self.name}

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if isinstance(other, AppendOnly) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def statements(self, table: str) -> list[sql.Composable]:
        names = {
            "name": sql.Identifier(self.name),
            "table": sql.Identifier(table),
            "constraint": sql.Literal(self.name),
        }
        return [CREATE.format(**names), ON_CHANGE.format(**names)]

    def removal(self, table: str) -> list[sql.Composable]:
        return [sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name))]
