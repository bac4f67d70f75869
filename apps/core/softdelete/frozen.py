"""Columns that never change once a row is there, whoever writes: the database refuses all but an erasure."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from apps.core.softdelete.guards import TriggerConstraint

CREATE = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'check_violation', CONSTRAINT = {constraint},
        TABLE = {table_name}, DETAIL = OLD.id::text;
END
$body$
""")
ON_UPDATE = sql.SQL("""
CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON {table}
    FOR EACH ROW WHEN (({changed}) AND COALESCE(current_setting('podium.erasing', true), '') = '')
    EXECUTE FUNCTION {name}()
""")


class FrozenColumns(TriggerConstraint):
    """The content of a row: written once. Soft-delete columns and all others can change.

    An erasure overwrites what names a person there too: a table's columns can be called after people.

    Args:
        columns: names of columns, which for a foreign key end in `_id`.
    """

    def __init__(self, *, name: str, columns: tuple[str, ...]) -> None:
        super().__init__(name=name)
        self.columns = tuple(columns)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__name__}"
        return path, (), {"name": self.name, "columns": self.columns}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrozenColumns):
            return NotImplemented
        return (self.name, self.columns) == (other.name, other.columns)

    def __hash__(self) -> int:
        return hash((self.name, self.columns))

    def statements(self, table: str) -> list[sql.Composable]:
        changed = [
            sql.SQL("NEW.{c} IS DISTINCT FROM OLD.{c}").format(c=sql.Identifier(column)) for column in self.columns
        ]
        names = {
            "name": sql.Identifier(self.name),
            "table": sql.Identifier(table),
            "table_name": sql.Literal(table),
            "constraint": sql.Literal(self.name),
            "message": sql.Literal(f"the content of a row of {table} never changes"),
            "columns": sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            "changed": sql.SQL(" OR ").join(changed),
        }
        return [CREATE.format(**names), ON_UPDATE.format(**names)]

    def removal(self, table: str) -> list[sql.Composable]:
        drop = sql.SQL("DROP FUNCTION IF EXISTS {name}() CASCADE")  # its trigger goes with it
        return [drop.format(name=sql.Identifier(self.name))]
