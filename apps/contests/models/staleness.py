"""The triggers that say which totals are no longer what the marks make of them.

They only ever append, a few rows for each statement: two judges of one entry don't wait for each other, and a cascade
over a hundred thousand marks is one insert. Whoever refreshes the totals takes the rows out again. Rules, weights and
the list of categories are not watched: the totals carry a digest of what they were computed by (`ContestTotals`).
"""

from __future__ import annotations

from typing import Any

from psycopg import sql

from apps.core.triggers import TriggerConstraint

QUEUE = "contests_staletotal"
TOTALS = ("contests_contesttotals", "contests_contestanttotal", "contests_entrytotal", QUEUE)

# From the columns that a trigger looks at (`touched`) to what it appends: contest, contestant, entry.
PATHS = {
    "contestant": "SELECT touched.contest_id, touched.id, NULL::uuid FROM touched",
    "contestant_id": """SELECT contestant.contest_id, contestant.id, NULL::uuid
        FROM touched JOIN contests_contestant contestant ON contestant.id = touched.contestant_id""",
    "entry_id": """SELECT contestant.contest_id, NULL::uuid, entry.id
        FROM touched JOIN contests_entry entry ON entry.id = touched.entry_id
        JOIN contests_contestant contestant ON contestant.id = entry.contestant_id""",
    "category_id": """SELECT DISTINCT category.contest_id, NULL::uuid, NULL::uuid
        FROM touched JOIN contests_category category ON category.id = touched.category_id""",
}
COLUMNS = {"contestant": ("contest_id", "id")}

# Each branch is planned when it is first run, so that transition tables which this call doesn't have are no matter.
# The differences and unions are of rows, not joins: a plan made for one row is as good for forty thousand.
FUNCTION = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH touched AS (SELECT DISTINCT {columns} FROM new_rows)
        INSERT INTO {queue} (contest_id, contestant_id, entry_id) {path};
    ELSIF TG_OP = 'DELETE' THEN
        WITH touched AS (SELECT DISTINCT {columns} FROM old_rows)
        INSERT INTO {queue} (contest_id, contestant_id, entry_id) {path};
    ELSE
        WITH touched AS ({changed})
        INSERT INTO {queue} (contest_id, contestant_id, entry_id) {path};
    END IF;
    RETURN NULL;
END
$body$
""")
ANY_CHANGE = sql.SQL("SELECT {columns} FROM old_rows UNION SELECT {columns} FROM new_rows")
CHANGE_OF = sql.SQL("""
            SELECT DISTINCT {columns} FROM (
                (SELECT {watched} FROM old_rows EXCEPT SELECT {watched} FROM new_rows)
                UNION ALL (SELECT {watched} FROM new_rows EXCEPT SELECT {watched} FROM old_rows)
            ) changed""")
TRIGGERS = (
    ("insert", "INSERT", "NEW TABLE AS new_rows"),
    ("update", "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    ("delete", "DELETE", "OLD TABLE AS old_rows"),
)
TRIGGER = sql.SQL("""
CREATE TRIGGER {trigger} AFTER {operation} ON {table} REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()
""")

FORGET = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    {deletes}
    RETURN NULL;
END
$body$
""")
DELETE = sql.SQL("DELETE FROM {table} WHERE contest_id IN (SELECT id FROM old_rows);")


class _OfTotals(TriggerConstraint):
    """What the two have in common: they are what their arguments say."""

    def _arguments(self) -> dict[str, Any]:
        return {"name": self.name}

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", (), self._arguments()

    def __eq__(self, other: object) -> bool:
        return self.deconstruct() == other.deconstruct() if isinstance(other, _OfTotals) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def removal(self, table: str) -> list[sql.Composable]:
        return [sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name))]


class StalesTotals(_OfTotals):
    """Appends whose totals a statement has touched: inserts, updates, soft deletes and restores, removals, raw SQL.

    Args:
        by: which of `PATHS` leads from a row to its contest.
        watched: only changes of these columns count; by default every one does.
    """

    def __init__(self, *, name: str, by: str, watched: tuple[str, ...] = ()) -> None:
        super().__init__(name=name)
        self.by = by
        self.watched = tuple(watched)

    def _arguments(self) -> dict[str, Any]:
        return {"name": self.name, "by": self.by, "watched": self.watched}

    def statements(self, table: str) -> list[sql.Composable]:
        columns = _columns(COLUMNS.get(self.by, (self.by,)))
        watched = _columns(("id", self.by, *self.watched))
        names = {
            "name": sql.Identifier(self.name),
            "table": sql.Identifier(table),
            "queue": sql.Identifier(QUEUE),
            "columns": columns,
            "path": sql.SQL(PATHS[self.by]),
            "changed": (CHANGE_OF if self.watched else ANY_CHANGE).format(columns=columns, watched=watched),
        }
        triggers = [
            TRIGGER.format(
                **names,
                trigger=sql.Identifier(f"{self.name}_{suffix}"),
                operation=sql.SQL(operation),
                tables=sql.SQL(tables),
            )
            for suffix, operation, tables in TRIGGERS
        ]
        return [FUNCTION.format(**names), *triggers]


class ForgetsTotals(_OfTotals):
    """Removes the totals of a contest that is purged: they have no foreign keys."""

    def statements(self, table: str) -> list[sql.Composable]:
        names = {"name": sql.Identifier(self.name), "table": sql.Identifier(table)}
        deletes = [DELETE.format(table=sql.Identifier(name)) for name in TOTALS]
        suffix, operation, tables = TRIGGERS[-1]
        return [
            FORGET.format(**names, deletes=sql.SQL("\n    ").join(deletes)),
            TRIGGER.format(
                **names,
                trigger=sql.Identifier(f"{self.name}_{suffix}"),
                operation=sql.SQL(operation),
                tables=sql.SQL(tables),
            ),
        ]


def _columns(names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
