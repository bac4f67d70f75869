"""What the database refuses to change, whoever asks: services, the admin, bulk updates, raw SQL."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from apps.core.triggers import TriggerConstraint

WRITTEN_ONCE = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'integrity_constraint_violation', CONSTRAINT = {constraint},
        TABLE = TG_TABLE_NAME, DETAIL = OLD.id::text;
END
$body$
""")
ON_DELETE = sql.SQL("""
CREATE TRIGGER {on_delete} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()
""")
ON_UPDATE = sql.SQL("""
CREATE TRIGGER {on_update} BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (to_jsonb(OLD) - {free}::text[] IS DISTINCT FROM to_jsonb(NEW) - {free}::text[] OR {again})
    EXECUTE FUNCTION {name}()
""")
AGAIN = sql.SQL("(COALESCE(OLD.{column}::text, '') <> '' AND OLD.{column} IS DISTINCT FROM NEW.{column})")


class WrittenOnce(TriggerConstraint):
    """Rows are inserted and kept as they are; the columns `once` are set later, and then stay too."""

    def __init__(self, *, name: str, once: tuple[str, ...]) -> None:
        super().__init__(name=name)
        self.once = tuple(once)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", (), {"name": self.name, "once": self.once}

    def __eq__(self, other: object) -> bool:
        return self.deconstruct() == other.deconstruct() if isinstance(other, WrittenOnce) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.once))

    def statements(self, table: str) -> list[sql.Composable]:
        names = {
            "name": sql.Identifier(self.name),
            "constraint": sql.Literal(self.name),
            "message": sql.Literal(f"rows of {table} are written once"),
            "table": sql.Identifier(table),
            "on_delete": sql.Identifier(f"{self.name}_on_delete"),
            "on_update": sql.Identifier(f"{self.name}_on_update"),
            "free": sql.Literal("{" + ",".join((*self.once, "version")) + "}"),
            "again": sql.SQL(" OR ").join(AGAIN.format(column=sql.Identifier(column)) for column in self.once),
        }
        return [statement.format(**names) for statement in (WRITTEN_ONCE, ON_DELETE, ON_UPDATE)]

    def removal(self, table: str) -> list[sql.Composable]:
        return [sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name))]
