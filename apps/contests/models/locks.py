"""What the database refuses to change, whoever asks: services, the admin, bulk updates, imports, raw SQL."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from apps.contests.enums import ContestStatus
from apps.contests.errors import ContestCertified, ContestLocked
from apps.core.errors import PodiumError
from apps.core.triggers import TriggerConstraint

CERTIFIED = (ContestStatus.CERTIFIED, ContestStatus.PUBLISHED)
CLOSED = (ContestStatus.LOCKED, *CERTIFIED)
Hop = tuple[str, str]

NOT_ERASING = sql.SQL("COALESCE(current_setting('podium.erasing', true), '') = ''")
DIFFERS = sql.SQL("OLD.{column} IS DISTINCT FROM NEW.{column}")
NOTHING = sql.SQL("false")

# FOR SHARE waits for a transition that is under way and keeps the next one waiting, as writing a mark does: what is
# written without any service still can't land between what is counted and what is signed.
LOCK = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    starts uuid[];
    contest record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        starts := ARRAY(SELECT DISTINCT n.{column} FROM new_rows n);
    ELSIF TG_OP = 'DELETE' THEN
        starts := ARRAY(SELECT DISTINCT o.{column} FROM old_rows o WHERE o.deleted_at IS NULL);
    ELSE
        starts := ARRAY[OLD.{column}, NEW.{column}];
    END IF;
    FOR contest IN
        SELECT c.id, c.status FROM contests_contest c WHERE c.id = ANY({contests}) ORDER BY c.id FOR SHARE
    LOOP
        IF contest.status = ANY({closed}::text[]) THEN
            RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'integrity_constraint_violation',
                CONSTRAINT = {constraint}, TABLE = TG_TABLE_NAME, DETAIL = contest.status,
                HINT = contest.id::text;
        END IF;
    END LOOP;
    RETURN NULL;
END
$body$
""")
ON_INSERT = sql.SQL("""
CREATE TRIGGER {on_insert} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()
""")
ON_REMOVE = sql.SQL("""
CREATE TRIGGER {on_remove} AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()
""")
# For each row that sets a column of the result to something else. A cascade sets none and pays nothing here, where a
# trigger for each statement would have to compare all that it has touched.
ON_CHANGE = sql.SQL("""
CREATE TRIGGER {on_change} AFTER UPDATE OF {columns} ON {table} FOR EACH ROW
    WHEN ({was_closed} AND (({changed}) OR ({changed_words} AND {not_erasing}))) EXECUTE FUNCTION {name}()
""")
WAS_CLOSED = sql.SQL("OLD.status = ANY({closed}::text[])")
OWN_LOCK = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'integrity_constraint_violation',
        CONSTRAINT = {constraint}, TABLE = TG_TABLE_NAME, DETAIL = OLD.status, HINT = OLD.id::text;
END
$body$
""")
ON_REMOVE_ITSELF = sql.SQL("""
CREATE TRIGGER {on_remove} BEFORE DELETE ON {table} FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND {was_closed}) EXECUTE FUNCTION {name}()
""")


class ResultLock(TriggerConstraint):
    """A row that a contest's result is made of does not change once the contest is locked.

    Rows are neither inserted nor removed, and `columns` keep their values. What only marks a row as deleted passes,
    since deletions ask for themselves under the contest's lock, and so does an erasure that overwrites `erasable`.

    Args:
        way: (column, table) from the row to the contest's id: the row's own column and the table that it refers to,
            then the next. Empty for the contest itself, whose transitions and description pass.
    """

    def __init__(
        self, *, name: str, way: tuple[Hop, ...], columns: tuple[str, ...], erasable: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name=name)
        self.way = tuple((column, table) for column, table in way)
        self.columns = tuple(columns)
        self.erasable = tuple(erasable)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        known = {"name": self.name, "way": self.way, "columns": self.columns, "erasable": self.erasable}
        return f"{type(self).__module__}.{type(self).__name__}", (), known

    def __eq__(self, other: object) -> bool:
        return self.deconstruct() == other.deconstruct() if isinstance(other, ResultLock) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.way, self.columns))

    def explain(self, detail: str) -> PodiumError:
        """What a refusal means to the caller; `detail` is the contest's status."""
        error = ContestCertified if detail in CERTIFIED else ContestLocked
        told = {"current_status": detail}
        return error(f"The contest is {detail}: what its result is made of is read-only.", extra=told)

    def statements(self, table: str) -> list[sql.Composable]:
        closed = sql.Literal("{" + ",".join(CLOSED) + "}")
        always = ("id", "organization_id", *self.columns)
        names = {
            "name": sql.Identifier(self.name),
            "constraint": sql.Literal(self.name),
            "message": sql.Literal(f"rows of {table} in a locked contest are read-only"),
            "table": sql.Identifier(table),
            "column": sql.Identifier(self.way[0][0] if self.way else "id"),
            "contests": self._contests(),
            "closed": closed,
            "columns": sql.SQL(", ").join(map(sql.Identifier, (*always, *self.erasable))),
            "was_closed": sql.SQL("true") if self.way else WAS_CLOSED.format(closed=closed),
            "changed": _any_differs(always),
            "changed_words": sql.SQL("({})").format(_any_differs(self.erasable)),
            "not_erasing": NOT_ERASING,
            **{part: sql.Identifier(f"{self.name}_{part}") for part in ("on_insert", "on_change", "on_remove")},
        }
        parts = (LOCK, ON_INSERT, ON_CHANGE, ON_REMOVE) if self.way else (OWN_LOCK, ON_CHANGE, ON_REMOVE_ITSELF)
        return [part.format(**names) for part in parts]

    def removal(self, table: str) -> list[sql.Composable]:
        return [sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name))]

    def _contests(self) -> sql.Composable:
        """The contests of the rows whose first column is among `starts`."""
        if not self.way[1:]:
            return sql.SQL("starts")
        joins = sql.SQL(" ").join(
            sql.SQL("JOIN {table} {alias} ON {alias}.id = {before}.{column}").format(
                table=sql.Identifier(self.way[place][1]),
                alias=sql.Identifier(f"t{place}"),
                before=sql.Identifier(f"t{place - 1}"),
                column=sql.Identifier(self.way[place][0]),
            )
            for place in range(1, len(self.way) - 1)
        )
        return sql.SQL("ARRAY(SELECT {last}.{column} FROM {first} t0 {joins} WHERE t0.id = ANY(starts))").format(
            first=sql.Identifier(self.way[0][1]),
            joins=joins,
            last=sql.Identifier(f"t{len(self.way) - 2}"),
            column=sql.Identifier(self.way[-1][0]),
        )


def _any_differs(columns: tuple[str, ...]) -> sql.Composable:
    if not columns:
        return NOTHING
    return sql.SQL(" OR ").join(DIFFERS.format(column=sql.Identifier(column)) for column in columns)


WRITTEN_ONCE = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'integrity_constraint_violation', CONSTRAINT = {constraint},
        TABLE = TG_TABLE_NAME, DETAIL = OLD.id::text;
END
$body$
""")
BEFORE_DELETE = sql.SQL("""
CREATE TRIGGER {on_delete} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()
""")
BEFORE_UPDATE = sql.SQL("""
CREATE TRIGGER {on_update} BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (to_jsonb(OLD) - {free}::text[] IS DISTINCT FROM to_jsonb(NEW) - {free}::text[]
        OR (({changed_words} OR {again}) AND {not_erasing}))
    EXECUTE FUNCTION {name}()
""")
# Named columns only, so that a cascade, which sets none of them, pays nothing.
ON_RECORD = sql.SQL("""
CREATE TRIGGER {on_update} BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW
    WHEN (({changed}) OR (({changed_words} OR {again}) AND {not_erasing})) EXECUTE FUNCTION {name}()
""")
AGAIN = sql.SQL("(COALESCE(OLD.{column}::text, '') <> '' AND OLD.{column} IS DISTINCT FROM NEW.{column})")


class WrittenOnce(TriggerConstraint):
    """Rows are inserted and kept as they are; the columns `once` are set later, and then stay too.

    An erasure overwrites words in `erasable` and in what was set later, and nothing else.
    """

    def __init__(self, *, name: str, once: tuple[str, ...], erasable: tuple[str, ...] = ()) -> None:
        super().__init__(name=name)
        self.once = tuple(once)
        self.erasable = tuple(erasable)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        known = {"name": self.name, "once": self.once, "erasable": self.erasable}
        return f"{type(self).__module__}.{type(self).__name__}", (), known

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
            "free": sql.Literal("{" + ",".join((*self.once, *self.erasable, "version")) + "}"),
            "again": sql.SQL(" OR ").join(AGAIN.format(column=sql.Identifier(column)) for column in self.once),
            "changed_words": _any_differs(self.erasable),
            "not_erasing": NOT_ERASING,
        }
        return [statement.format(**names) for statement in (WRITTEN_ONCE, BEFORE_DELETE, BEFORE_UPDATE)]

    def removal(self, table: str) -> list[sql.Composable]:
        return [sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name))]


class Recorded(TriggerConstraint):
    """Rows that can be deleted and come back, and otherwise stay as they were recorded.

    `columns` never change; those in `once` are set later, and then stay too. An erasure overwrites words in
    `erasable` and in what was set later.
    """

    def __init__(
        self, *, name: str, columns: tuple[str, ...], once: tuple[str, ...] = (), erasable: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name=name)
        self.columns = tuple(columns)
        self.once = tuple(once)
        self.erasable = tuple(erasable)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        known = {"name": self.name, "columns": self.columns, "once": self.once, "erasable": self.erasable}
        return f"{type(self).__module__}.{type(self).__name__}", (), known

    def __eq__(self, other: object) -> bool:
        return self.deconstruct() == other.deconstruct() if isinstance(other, Recorded) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.columns))

    def statements(self, table: str) -> list[sql.Composable]:
        every = (*self.columns, *self.once, *self.erasable)
        again = [AGAIN.format(column=sql.Identifier(column)) for column in self.once]
        names = {
            "name": sql.Identifier(self.name),
            "constraint": sql.Literal(self.name),
            "message": sql.Literal(f"rows of {table} stay as they were recorded"),
            "table": sql.Identifier(table),
            "on_update": sql.Identifier(f"{self.name}_on_update"),
            "columns": sql.SQL(", ").join(map(sql.Identifier, every)),
            "changed": _any_differs(self.columns),
            "changed_words": sql.SQL("({})").format(_any_differs(self.erasable)),
            "again": sql.SQL("({})").format(sql.SQL(" OR ").join([*again, NOTHING])),
            "not_erasing": NOT_ERASING,
        }
        return [statement.format(**names) for statement in (WRITTEN_ONCE, ON_RECORD)]

    def removal(self, table: str) -> list[sql.Composable]:
        return [sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE").format(sql.Identifier(self.name))]
