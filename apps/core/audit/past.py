"""Rows as they were at some time, rebuilt from history set by set.

What is stored now, less every change since then. A row was there if it had been created and was not deleted: that it
is deleted now it says itself, that it was for a while is said by the restore that ended it, and of a row that was
purged history still has the content. A change counts from the moment of its statement, so of the last moments the
transactions that are not committed yet are missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from psycopg import sql

from apps.core.audit.trail import RECORDS

M = TypeVar("M", bound=models.Model)

# Of relations of the statement the planner expects one row, and would join thousands in nested loops.
TUNE = "SET LOCAL enable_nestloop = off; SET LOCAL jit = off"
UNTUNE = "SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL jit TO DEFAULT"


@dataclass(frozen=True, slots=True)
class Moment:
    """One record of history. `old` and `new` are the columns that changed; a delete and a restore have none."""

    id: int
    at: datetime
    model: str
    action: str
    row_id: UUID | None
    deletion_id: UUID | None
    count: int
    actor_id: UUID | None
    correlation_id: str | None
    old: dict[str, Any]
    new: dict[str, Any]


# History is read by arrays of ids: that is an index scan whatever the planner believes of tables that were filled a
# moment ago, and what is then joined are relations of the statement (see `TUNE`). The earliest of the later changes
# of each column has the value of then.
ROWS = sql.SQL("""
WITH candidate AS MATERIALIZED (
    SELECT m.id, m.deleted_at, m AS content FROM {table} m
    WHERE m.{key} = ANY(%(parents)s::uuid[]) AND m.organization_id = %(organization)s
), later AS MATERIALIZED (
    SELECT r.id, r.row_id, r.action, r.old FROM {records} r
    WHERE r.row_id = ANY(ARRAY(SELECT id FROM candidate)) AND r.action IN ('created', 'changed') AND r.at > %(at)s
), undone AS (
    SELECT change.row_id, jsonb_object_agg(change.key, change.value) AS content
    FROM (
        SELECT DISTINCT ON (later.row_id, old.key) later.row_id, old.key, old.value
        FROM later CROSS JOIN LATERAL jsonb_each(later.old) old
        WHERE later.action = 'changed'
        ORDER BY later.row_id, old.key, later.id
    ) change
    GROUP BY change.row_id
), ended AS (
    SELECT r.action, ended.id, r.deleted_at
    FROM {records} r CROSS JOIN LATERAL unnest(r.row_ids) AS ended(id)
    WHERE r.organization_id = %(organization)s AND r.model = {label} AND r.row_ids IS NOT NULL AND r.at > %(at)s
), gone AS (
    SELECT content.row_id AS id, jsonb_object_agg(content.key, content.value) AS content
    FROM (
        SELECT DISTINCT ON (r.row_id, new.key) r.row_id, new.key, new.value
        FROM {records} r CROSS JOIN LATERAL jsonb_each(r.new) new
        WHERE r.row_id = ANY(ARRAY(SELECT id FROM ended WHERE action = 'purged' AND deleted_at > %(at)s))
            AND r.action IN ('created', 'changed') AND r.at <= %(at)s
        ORDER BY r.row_id, new.key, r.id DESC
    ) content
    GROUP BY content.row_id
), found AS (
    SELECT candidate.id, CASE WHEN undone.row_id IS NULL THEN candidate.content
        ELSE jsonb_populate_record(candidate.content, undone.content) END AS content
    FROM candidate LEFT JOIN undone ON undone.row_id = candidate.id
    WHERE (candidate.deleted_at IS NULL OR candidate.deleted_at > %(at)s)
        AND candidate.id NOT IN (SELECT row_id FROM later WHERE action = 'created')
    UNION ALL
    SELECT gone.id, jsonb_populate_record(
        NULL::{table},
        gone.content || jsonb_build_object('id', gone.id, 'organization_id', %(organization)s::uuid)
    )
    FROM gone WHERE (gone.content ->> {key_name})::uuid = ANY(%(parents)s::uuid[])
)
SELECT (found.content).* FROM found
WHERE found.id NOT IN (SELECT id FROM ended WHERE action = 'restored' AND deleted_at <= %(at)s)
""")
IDS = sql.SQL("""
SELECT m.id, m.deletion_id FROM {table} m
WHERE m.{key} = ANY(%(parents)s::uuid[]) AND m.organization_id = %(organization)s
UNION
SELECT born.row_id, NULL FROM {records} born
WHERE born.action = 'created' AND (born.new ->> {key_name})::uuid = ANY(%(parents)s::uuid[])
    AND born.row_id = ANY(ARRAY(
        SELECT unnest(r.row_ids) FROM {records} r
        WHERE r.organization_id = %(organization)s AND r.model = {label} AND r.row_ids IS NOT NULL
            AND r.action = 'purged' AND r.at > %(since)s
    ))
""")
# A delete says which rows it took until they are back or gone; then the restore or the purge does.
MOMENTS = sql.SQL("""
WITH deletion AS MATERIALIZED (
    SELECT r.deletion_id AS id FROM {records} r
    WHERE r.organization_id = %(organization)s AND r.model = ANY(%(labels)s) AND r.row_ids && %(rows)s::uuid[]
        AND r.at > %(since)s
    UNION SELECT unnest(%(deletions)s::uuid[])
)
SELECT r.id, r.at, r.model, r.action, r.row_id, r.deletion_id, r.count, r.actor_id, r.correlation_id,
    r.old::text, r.new::text
FROM {records} r
WHERE r.at > %(since)s AND r.model = ANY(%(labels)s) AND (
    (r.row_id = ANY(%(rows)s::uuid[]) AND (r.action = 'created' OR (r.action = 'changed' AND EXISTS (
        SELECT FROM jsonb_object_keys(r.new) AS changed(name)
        WHERE (%(relevant)s::jsonb -> r.model) ? changed.name
    ))))
    OR (r.deletion_id = ANY(ARRAY(SELECT id FROM deletion)) AND r.action IN ('deleted', 'restored'))
)
ORDER BY r.at, r.id LIMIT %(most)s
""")
LAST = sql.SQL("SELECT max(r.at) FROM {records} r WHERE r.row_id = ANY(%(rows)s::uuid[]) AND r.at <= %(at)s")


def rows_at(model: type[M], *, at: datetime, organization_id: UUID, key: str, parents: Sequence[UUID]) -> list[M]:
    """The rows of a soft-deleted model that were live at a time, with the content that they had then.

    Args:
        key: the column by which they belong to `parents`; it never changes. `id` for the rows themselves.
        parents: what they belong to.
    """
    if not parents:
        return []
    parameters = {"at": at, "organization": organization_id, "parents": list(parents)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TUNE)
        found = list(model._base_manager.raw(ROWS.format(**_names(model, key)).as_string(None), parameters))
        cursor.execute(UNTUNE)
    return found


def rows_since(
    model: type[models.Model], *, since: datetime, organization_id: UUID, key: str, parents: Sequence[UUID]
) -> dict[UUID, UUID | None]:
    """The rows that were there at some time since then, with the deletion that holds each: live ones None."""
    parameters: dict[str, Any] = {"since": since, "organization": organization_id, "parents": list(parents)}
    with connection.cursor() as cursor:
        cursor.execute(IDS.format(**_names(model, key)), parameters)
        return dict(cursor.fetchall())


def moments_since(
    rows: Mapping[UUID, UUID | None],
    *,
    since: datetime,
    organization_id: UUID,
    relevant: Mapping[str, Sequence[str]],
    most: int,
) -> list[Moment]:
    """What was done to these rows since then, in its order: creations, relevant changes, deletes and restores.

    Args:
        rows: as `rows_since` finds them.
        relevant: by model, the columns whose changes count.
        most: at most so many are read.
    """
    parameters: dict[str, Any] = {
        "rows": list(rows),
        "deletions": list({deletion for deletion in rows.values() if deletion}),
        "since": since,
        "organization": organization_id,
        "relevant": json.dumps({label: list(columns) for label, columns in relevant.items()}),
        "labels": list(relevant),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(MOMENTS.format(records=sql.Identifier(RECORDS)), parameters)
        return [Moment(*values[:-2], *map(_read, values[-2:])) for values in cursor.fetchall()]


def changed_last(row_ids: Sequence[UUID], *, at: datetime) -> datetime | None:
    """When any of these rows was last created or changed, up to a time."""
    with connection.cursor() as cursor:
        cursor.execute(LAST.format(records=sql.Identifier(RECORDS)), {"rows": list(row_ids), "at": at})
        found: datetime | None = cursor.fetchone()[0]
    return found


def _names(model: type[models.Model], key: str) -> dict[str, sql.Composable]:
    return {
        "table": sql.Identifier(model._meta.db_table),
        "records": sql.Identifier(RECORDS),
        "label": sql.Literal(model._meta.label_lower),
        "key": sql.Identifier(key),
        "key_name": sql.Literal(key),
    }


def _read(text: str | None) -> dict[str, Any]:
    """The columns of a record; decimal numbers as they were written, since binary ones would not be they."""
    read: dict[str, Any] = json.loads(text, parse_float=str) if text else {}
    return read
