"""Rows as they were at some time, rebuilt from history set by set.

What is stored now, less every change since then. A row was there if it had been created and was not deleted: that it
is deleted now it says itself, that it was for a while is said by the restore that ended it, and of a row that was
purged history still has the content. A change counts from the moment of its statement, so of the last moments the
transactions that are not committed yet are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection, models
from psycopg import sql

from apps.core.audit.trail import RECORDS

M = TypeVar("M", bound=models.Model)

# The earliest of the later changes of each column has the value of then.
ROWS = sql.SQL("""
WITH candidate AS MATERIALIZED (
    SELECT m.id, m.deleted_at, m AS content FROM {table} m
    WHERE m.{key} = ANY(%(parents)s::uuid[]) AND m.organization_id = %(organization)s
), undone AS (
    SELECT change.row_id, jsonb_object_agg(change.key, change.value) AS content
    FROM (
        SELECT DISTINCT ON (r.row_id, old.key) r.row_id, old.key, old.value
        FROM {records} r CROSS JOIN LATERAL jsonb_each(r.old) old
        WHERE r.row_id = ANY(ARRAY(SELECT id FROM candidate)) AND r.action = 'changed' AND r.at > %(at)s
        ORDER BY r.row_id, old.key, r.id
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
    SELECT candidate.id, jsonb_populate_record(candidate.content, coalesce(undone.content, '{{}}')) AS content
    FROM candidate LEFT JOIN undone ON undone.row_id = candidate.id
    WHERE (candidate.deleted_at IS NULL OR candidate.deleted_at > %(at)s)
        AND NOT EXISTS (
            SELECT FROM {records} r
            WHERE r.row_id = candidate.id AND r.action = 'created' AND r.at > %(at)s
        )
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
LAST = sql.SQL("SELECT max(r.at) FROM {records} r WHERE r.row_id = ANY(%(rows)s::uuid[]) AND r.at <= %(at)s")


def rows_at(model: type[M], *, at: datetime, organization_id: UUID, key: str, parents: Sequence[UUID]) -> list[M]:
    """The rows of a soft-deleted model that were live at a time, with the content that they had then.

    Args:
        key: the column by which they belong to `parents`; it never changes. `id` for the rows themselves.
        parents: what they belong to.
    """
    if not parents:
        return []
    names = {
        "table": sql.Identifier(model._meta.db_table),
        "records": sql.Identifier(RECORDS),
        "label": sql.Literal(model._meta.label_lower),
        "key": sql.Identifier(key),
        "key_name": sql.Literal(key),
    }
    parameters = {"at": at, "organization": organization_id, "parents": list(parents)}
    return list(model._base_manager.raw(ROWS.format(**names).as_string(None), parameters))


def changed_last(row_ids: Sequence[UUID], *, at: datetime) -> datetime | None:
    """When any of these rows was last created or changed, up to a time."""
    with connection.cursor() as cursor:
        cursor.execute(LAST.format(records=sql.Identifier(RECORDS)), {"rows": list(row_ids), "at": at})
        found: datetime | None = cursor.fetchone()[0]
    return found
