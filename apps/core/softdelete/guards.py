"""Rules about parents that the database keeps, whoever writes: services, bulk inserts, raw SQL."""

from __future__ import annotations

from typing import Any

from django.db import models
from psycopg import sql

from apps.core.softdelete.metadata import cascade_graph, label_of
from apps.core.triggers import TriggerConstraint

Link = tuple[str, str]

FUNCTION = sql.SQL("""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    wanted uuid;
    alive boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
{inserted}
    ELSE
{moved}
    END IF;
    RETURN NULL;
END
$body$
""")

# One lookup by key for each parent, in order: a join with the new rows would keep the plan of its first call, which
# is wrong for either a bulk insert or a single one. The lock conflicts with a delete's FOR UPDATE and with nothing
# else: whoever comes second waits, and then sees what the first one did.
LOOK = sql.SQL("""
        SELECT p.deleted_at IS NULL INTO alive FROM {parent} p WHERE p.id = wanted FOR KEY SHARE;
        IF FOUND AND NOT alive THEN
            RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'foreign_key_violation', CONSTRAINT = {name},
                TABLE = {table_name}, COLUMN = {column_name}, DETAIL = wanted::text;
        END IF;
""")
INSERTED = sql.SQL("""
        FOR wanted IN
            SELECT DISTINCT n.{column} FROM new_rows n
            WHERE n.deleted_at IS NULL AND n.{column} IS NOT NULL ORDER BY 1
        LOOP {look}
        END LOOP;
""")
MOVED = sql.SQL("""
        IF NEW.{column} IS DISTINCT FROM OLD.{column} AND NEW.{column} IS NOT NULL THEN
            wanted := NEW.{column}; {look}
        END IF;
""")
ON_INSERT = sql.SQL("""
CREATE TRIGGER {trigger} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {function}()
""")
ON_UPDATE = sql.SQL("""
CREATE TRIGGER {trigger} AFTER UPDATE OF {columns} ON {table} FOR EACH ROW
    WHEN (NEW.deleted_at IS NULL AND ({changed})) EXECUTE FUNCTION {function}()
""")
CHANGED = sql.SQL("NEW.{column} IS DISTINCT FROM OLD.{column}")


class LiveParents(TriggerConstraint):
    """No row is inserted under a deleted parent or moved there. Restores keep to it by themselves.

    Args:
        parents: (column, parent's table) in the order of locks; read off `model` where it is not given.
    """

    def __init__(
        self, *, name: str, parents: tuple[Link, ...] | None = None, model: type[models.Model] | None = None
    ) -> None:
        super().__init__(name=name)
        self._parents = parents
        self._model = model

    @property
    def parents(self) -> tuple[Link, ...]:
        """(column, parent's table) of each foreign key to a soft-deleted model."""
        if self._parents is None and self._model is not None:
            graph = cascade_graph()
            links = graph.links(label_of(self._model)) if label_of(self._model) in graph.nodes else ()
            self._parents = tuple((key.column, graph.nodes[key.parent].table) for key in links if not key.type_column)
        return self._parents or ()

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", (), {"name": self.name, "parents": self.parents}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LiveParents):
            return NotImplemented
        return (self.name, self.parents) == (other.name, other.parents)

    def __hash__(self) -> int:
        return hash((self.name, self.parents))

    def statements(self, table: str) -> list[sql.Composable]:
        if not self.parents:
            return []
        inserted = [INSERTED.format(column=sql.Identifier(c), look=self._look(table, c, p)) for c, p in self.parents]
        moved = [MOVED.format(column=sql.Identifier(c), look=self._look(table, c, p)) for c, p in self.parents]
        columns = [sql.Identifier(column) for column, _ in self.parents]
        names = {
            "function": sql.Identifier(self.name),
            "table": sql.Identifier(table),
        }
        return [
            FUNCTION.format(**names, inserted=sql.Composed(inserted), moved=sql.Composed(moved)),
            ON_INSERT.format(**names, trigger=sql.Identifier(f"{self.name}_insert")),
            ON_UPDATE.format(
                **names,
                trigger=sql.Identifier(f"{self.name}_update"),
                columns=sql.SQL(", ").join(columns),
                changed=sql.SQL(" OR ").join(CHANGED.format(column=column) for column in columns),
            ),
        ]

    def _look(self, table: str, column: str, parent: str) -> sql.Composed:
        return LOOK.format(
            parent=sql.Identifier(parent),
            table_name=sql.Literal(table),
            message=sql.Literal(f"a row of {table} would be live under a deleted row of {parent}"),
            column_name=sql.Literal(column),
            name=sql.Literal(self.name),
        )

    def removal(self, table: str) -> list[sql.Composable]:
        drop = sql.SQL("DROP FUNCTION IF EXISTS {function}() CASCADE")  # its triggers go with it
        return [drop.format(function=sql.Identifier(self.name))]


__all__ = ["LiveParents", "TriggerConstraint"]
