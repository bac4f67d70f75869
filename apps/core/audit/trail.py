"""The triggers that write history.

A cascade is recorded once for each table, and only by a transaction that has declared its deletion; everything else
is recorded row by row. A row is marked as deleted or live again by such a transaction only, and a live row is never
removed.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from psycopg import sql

from apps.core.triggers import TriggerConstraint

RECORDS = "core_auditrecord"
# What history says in other ways: by its own columns, or by an action.
NOT_CONTENT = frozenset(
    {"id", "organization_id", "created_at", "updated_at", "version", "deleted_at", "deleted_by", "deletion_id"}
)
MASK = "•••"

FUNCTION = sql.SQL("""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    declared uuid[] := string_to_array(NULLIF(current_setting('podium.deletion', true), ''), ',');
    was jsonb;
    becomes jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {records} (organization_id, model, row_id, action, new)
        SELECT {organization_n}, {label}, n.id, 'created', jsonb_strip_nulls(to_jsonb(n) - {hidden}::text[])
        FROM new_rows n;
    ELSIF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) INTO was, becomes
        FROM jsonb_each(to_jsonb(OLD) - {hidden}::text[]) o
        JOIN jsonb_each(to_jsonb(NEW) - {hidden}::text[]) n USING (key)
        WHERE o.value IS DISTINCT FROM n.value;
        {masked}
        INSERT INTO {records} (organization_id, model, row_id, action, old, new)
        VALUES ({organization_new}, {label}, NEW.id, 'changed', was, becomes);
{of_deletions}
    END IF;
    RETURN NULL;
END
$body$
""")
MASKED = sql.SQL("""
        IF NEW.{column} IS DISTINCT FROM OLD.{column} THEN
            was := COALESCE(was, '{{}}') || {mask}::jsonb;
            becomes := COALESCE(becomes, '{{}}') || {mask}::jsonb;
        END IF;
""")
# Of a delete, counts what this statement did: what is marked now, less what earlier statements of this deletion have
# recorded; the rows say themselves that they are deleted, and since when. Once they are back or gone nothing else
# says that they ever were, so a restore and a purge name them.
OF_DELETIONS = sql.SQL("""
    ELSIF TG_OP = 'UPDATE' AND current_setting('podium.action', true) = 'restored' THEN
        INSERT INTO {records} (organization_id, model, action, deletion_id, count, row_ids, deleted_at)
        SELECT NULLIF(current_setting('podium.deletion_organization', true), '')::uuid, {label}, 'restored',
            t.deletion_id, count(*), array_agg(t.id), t.deleted_at
        FROM {table} t WHERE t.deletion_id = ANY(declared) GROUP BY t.deletion_id, t.deleted_at;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO {records} (organization_id, model, action, deletion_id, count)
        SELECT NULLIF(current_setting('podium.deletion_organization', true), '')::uuid, {label},
            current_setting('podium.action', true), d.id, marked.rows - recorded.rows
        FROM unnest(declared) AS d(id)
        CROSS JOIN LATERAL (SELECT count(*) AS rows FROM {table} t WHERE t.deletion_id = d.id) marked
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(r.count), 0) AS rows FROM {records} r
            WHERE r.deletion_id = d.id AND r.model = {label} AND r.action = 'deleted'
        ) recorded
        WHERE marked.rows > recorded.rows;
    ELSE
        IF EXISTS (SELECT 1 FROM old_rows o WHERE o.deleted_at IS NULL) THEN
            RAISE EXCEPTION USING MESSAGE = {never_removed}, ERRCODE = 'integrity_constraint_violation',
                CONSTRAINT = {constraint}, TABLE = TG_TABLE_NAME;
        END IF;
        IF declared IS NULL THEN
            INSERT INTO {records} (organization_id, model, row_id, action, deletion_id, old, row_ids, deleted_at)
            SELECT {organization_o}, {label}, o.id, 'purged', o.deletion_id,
                jsonb_strip_nulls(to_jsonb(o) - {hidden}::text[]), ARRAY[o.id], o.deleted_at
            FROM old_rows o;
        ELSE
            INSERT INTO {records} (organization_id, model, action, deletion_id, count, row_ids, deleted_at)
            SELECT {organization_o}, {label}, 'purged', o.deletion_id, count(*), array_agg(o.id), o.deleted_at
            FROM old_rows o GROUP BY 1, o.deletion_id, o.deleted_at;
        END IF;
""")
GUARD = sql.SQL("""
CREATE OR REPLACE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING MESSAGE = {by_deletion}, ERRCODE = 'integrity_constraint_violation',
        CONSTRAINT = {constraint}, TABLE = TG_TABLE_NAME, DETAIL = OLD.id::text;
END
$body$
""")
ON_INSERT = sql.SQL("""
CREATE TRIGGER {on_insert} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()
""")
# Only where a content column is set and differs: a cascade sets none, and costs nothing here.
ON_CHANGE = sql.SQL("""
CREATE TRIGGER {on_change} AFTER UPDATE OF {columns} ON {table}
    FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION {name}()
""")
UNDECLARED = sql.SQL("""
CREATE TRIGGER {on_mark} AFTER UPDATE OF deleted_at, deletion_id ON {table} FOR EACH ROW
    WHEN (COALESCE(current_setting('podium.deletion', true), '') = '' AND (
        OLD.deleted_at IS DISTINCT FROM NEW.deleted_at OR OLD.deletion_id IS DISTINCT FROM NEW.deletion_id
    )) EXECUTE FUNCTION {guard}()
""")
# A delete is counted once its rows are marked, a restore while they still are.
ON_DELETE = sql.SQL("""
CREATE TRIGGER {on_delete} AFTER UPDATE OF deleted_at ON {table} FOR EACH STATEMENT
    WHEN (current_setting('podium.action', true) = 'deleted') EXECUTE FUNCTION {name}()
""")
ON_RESTORE = sql.SQL("""
CREATE TRIGGER {on_restore} BEFORE UPDATE OF deleted_at ON {table} FOR EACH STATEMENT
    WHEN (current_setting('podium.action', true) = 'restored') EXECUTE FUNCTION {name}()
""")
ON_REMOVE = sql.SQL("""
CREATE TRIGGER {on_remove} AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()
""")


class Trail(TriggerConstraint):
    """Writes the history of a model. What it needs to know is read off `model` where it is not given.

    Args:
        label: the model's, as history names it.
        columns: content columns, whose values are recorded.
        masked: secret columns: history says that they changed, not to what.
        has_organization: whether rows have an `organization_id`.
        is_soft_deleted: whether rows are deleted by a deletion.
    """

    def __init__(self, *, name: str, model: type[models.Model] | None = None, **known: Any) -> None:
        super().__init__(name=name)
        self._model = model
        self._known: dict[str, Any] = known

    @property
    def known(self) -> dict[str, Any]:
        """What defines the triggers, as they are written into migrations."""
        if not self._known and self._model is not None:
            self._known = _read_off(self._model)
        return self._known

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", (), {"name": self.name, **self.known}

    def __eq__(self, other: object) -> bool:
        return self.deconstruct() == other.deconstruct() if isinstance(other, Trail) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.known["label"]))

    def statements(self, table: str) -> list[sql.Composable]:
        names = self._names(table)
        statements: list[sql.Composable] = [FUNCTION.format(**names), ON_INSERT.format(**names)]
        if names["has_columns"]:
            statements.append(ON_CHANGE.format(**names))
        if self.known["is_soft_deleted"]:
            parts = (GUARD, UNDECLARED, ON_DELETE, ON_RESTORE, ON_REMOVE)
            statements += [part.format(**names) for part in parts]
        return statements

    def removal(self, table: str) -> list[sql.Composable]:
        drop = sql.SQL("DROP FUNCTION IF EXISTS {}() CASCADE")
        return [drop.format(sql.Identifier(name)) for name in (self.name, f"{self.name}_guard")]

    def _names(self, table: str) -> dict[str, Any]:
        known = self.known
        watched = [*known["columns"], *known["masked"]]
        hidden = sorted(NOT_CONTENT | set(known["masked"]) | set(known["silent"]))
        names: dict[str, Any] = {
            part: sql.Identifier(f"{self.name}_{part}")
            for part in ("guard", "on_insert", "on_change", "on_mark", "on_delete", "on_restore", "on_remove")
        }
        names |= {
            f"organization_{alias.lower()}": sql.SQL(
                f"{alias}.organization_id" if known["has_organization"] else "NULL::uuid"
            )
            for alias in ("n", "o", "NEW")
        }
        names |= {
            "name": sql.Identifier(self.name),
            "constraint": sql.Literal(self.name),
            "table": sql.Identifier(table),
            "records": sql.Identifier(RECORDS),
            "label": sql.Literal(known["label"]),
            "hidden": sql.Literal("{" + ",".join(hidden) + "}"),
            "masked": sql.SQL("").join(
                MASKED.format(column=sql.Identifier(c), mask=sql.Literal(f'{{"{c}": "{MASK}"}}'))
                for c in known["masked"]
            ),
            "has_columns": bool(watched),
            "columns": sql.SQL(", ").join(map(sql.Identifier, watched)),
            "changed": sql.SQL(" OR ").join(
                sql.SQL("OLD.{c} IS DISTINCT FROM NEW.{c}").format(c=sql.Identifier(c)) for c in watched
            ),
            "never_removed": sql.Literal(f"live rows of {table} are never removed: delete them first"),
            "by_deletion": sql.Literal(f"rows of {table} are deleted and restored by a deletion only"),
        }
        names["of_deletions"] = OF_DELETIONS.format(**names) if known["is_soft_deleted"] else sql.SQL("")
        return names


def _read_off(model: type[models.Model]) -> dict[str, Any]:
    masked = tuple(columns_of(model, getattr(model, "masked_fields", ())))
    silent = tuple(columns_of(model, getattr(model, "silent_fields", ())))
    columns = [field.column for field in model._meta.local_concrete_fields]
    return {
        "label": model._meta.label_lower,
        "columns": tuple(c for c in columns if c not in NOT_CONTENT and c not in masked and c not in silent),
        "masked": masked,
        "silent": silent,
        "has_organization": "organization_id" in columns,
        "is_soft_deleted": "deletion_id" in columns and "deleted_at" in columns,
    }


def columns_of(model: type[models.Model], names: tuple[str, ...]) -> list[str]:
    """The columns of these fields of a model."""
    return [str(model._meta.get_field(name).column) for name in names]  # type: ignore[union-attr]
