"""The database numbers messages when they commit, because nobody can tell afterwards in which order that was.

Why a trigger at commit, and not the relay or `emit()`: docs/adr/0012-order-of-messages.md.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Func
from psycopg import sql

from apps.core.triggers import TriggerConstraint

# What the relay listens to.
CHANNEL = "podium_outbox"

POSITIONS = sql.SQL("CREATE SEQUENCE IF NOT EXISTS {positions}")
# The messages of this transaction, savepoints and all, in order of subject, so that two commits that share several
# subjects don't wait for each other.
NUMBER = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    mine record;
    number bigint;
    is_quiet boolean := NOT EXISTS (
        SELECT FROM {table}
        WHERE published_at IS NULL AND parked_at IS NULL AND sequence IS NOT NULL AND attempts = 0);
    is_new boolean := false;
BEGIN
    FOR mine IN SELECT id, subject FROM {table}
        WHERE written_in = pg_current_xact_id()::text::bigint AND sequence IS NULL
        ORDER BY subject COLLATE "C", id
    LOOP
        INSERT INTO {subjects} AS known (subject, last) VALUES (mine.subject, 1)
            ON CONFLICT (subject) DO UPDATE SET last = known.last + 1 RETURNING known.last INTO number;
        UPDATE {table} SET sequence = number, position = nextval({positions_name}) WHERE id = mine.id;
        is_new := true;
    END LOOP;
    IF is_new AND is_quiet THEN
        PERFORM pg_notify({channel}, '');
    END IF;
    RETURN NULL;
END
$body$
""")
AT_COMMIT = sql.SQL("""
CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {name}()
""")


class CurrentTransaction(Func):
    """The id of the running transaction."""

    template = "pg_current_xact_id()::text::bigint"


class NumberedAtCommit(TriggerConstraint):
    """Each message gets the next `sequence` of its subject and the next `position` of all, at the very end.

    The subject's row is locked from then until the commit is visible: of two transactions that tell of one subject,
    the one that commits first has the lower numbers. A rollback takes its numbers back, so `sequence` has no gaps.

    Args:
        subjects: the table with the last `sequence` of each subject.
    """

    def __init__(self, *, subjects: str, name: str) -> None:
        super().__init__(name=name)
        self.subjects = subjects

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", (), {"subjects": self.subjects, "name": self.name}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumberedAtCommit):
            return NotImplemented
        return (self.name, self.subjects) == (other.name, other.subjects)

    def __hash__(self) -> int:
        return hash((self.name, self.subjects))

    def statements(self, table: str) -> list[sql.Composable]:
        positions = f"{table}_positions"
        names = {
            "name": sql.Identifier(self.name),
            "table": sql.Identifier(table),
            "subjects": sql.Identifier(self.subjects),
            "positions": sql.Identifier(positions),
            "positions_name": sql.Literal(positions),
            "channel": sql.Literal(CHANNEL),
        }
        return [POSITIONS.format(**names), NUMBER.format(**names), AT_COMMIT.format(**names)]

    def removal(self, table: str) -> list[sql.Composable]:
        return [
            sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name)),
            sql.SQL("DROP SEQUENCE IF EXISTS {}").format(sql.Identifier(f"{table}_positions")),
        ]
