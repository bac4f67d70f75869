"""Pieces of SQL that several statements share, and the way they are run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from apps.core.softdelete.graph import Key, Node
from apps.core.softdelete.metadata import model_of

SQL = sql.SQL
Composable = sql.Composable
LIVE = SQL("m.deleted_at IS NULL")
ID_AS_TEXT = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"  # as PostgreSQL writes a uuid, and Django a generic key


def run(statement: Composable, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement on the current connection and return its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def changed(statement: Composable, parameters: Mapping[str, Any] | None = None) -> int:
    """Run one statement and return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def table(node: Node) -> sql.Identifier:
    """The table of a model."""
    return sql.Identifier(node.table)


def column(key: Key, alias: str) -> sql.Composed:
    """The column of a key, in the table called `alias`."""
    return SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(key.column))


def parent_id(key: Key, child: str) -> sql.Composable:
    """The id of what the row called `child` belongs to by this key; NULL where that is of another model, or no id."""
    own = column(key, child)
    if not key.type_column:
        return own
    if not key.as_text:
        return SQL("CASE WHEN {} THEN {} END").format(is_of_type(key, child), own)
    is_id = SQL("{} ~ {}").format(own, sql.Literal(ID_AS_TEXT))
    return SQL("CASE WHEN {} AND {} THEN {}::uuid END").format(is_of_type(key, child), is_id, own)


def as_filter(condition: Composable) -> sql.Composed:
    """The condition, as one that rows are tested by once they were found by another.

    No index serves it, and no statistics tell the planner that hardly a row fulfils it. They may be of a time when
    nothing was deleted, or everything: then it would take both sides of a join for a row or two and compare each
    with each.
    """
    return SQL("CASE WHEN {} THEN true END").format(condition)


def refers(key: Key, *, child: str, parent: str) -> sql.Composed:
    """The condition that the row called `child` belongs to the row called `parent`."""
    its_id = SQL("{}.id::text" if key.as_text else "{}.id").format(sql.Identifier(parent))
    condition = SQL("{} = {}").format(column(key, child), its_id)
    if not key.type_column:
        return condition
    return SQL("({} AND {})").format(condition, is_of_type(key, child))


def unless_it_stays(key: Key, child: str) -> sql.Composed:
    """`AND NOT …`: leaves children out that outlive their parent by this key."""
    if not key.stays:
        return sql.Composed([])
    condition = SQL(key.stays).format(row=sql.Identifier(child))  # of a model's declaration
    return SQL(" AND NOT ({})").format(condition)


def is_of_type(key: Key, child: str) -> sql.Composed:
    """The condition that the generic key of the row called `child` names the key's parent model."""
    type_column = SQL("{}.{}").format(sql.Identifier(child), sql.Identifier(key.type_column))
    return SQL("{} = {}").format(type_column, sql.Literal(_type_id(key.parent)))


def _type_id(label: str) -> int:
    """The id of a model's content type, from Django's cache."""
    from_model = model_of("contenttypes.contenttype")._default_manager.get_for_model  # type: ignore[attr-defined]
    return int(from_model(model_of(label)).pk)


def union(parts: Iterable[Composable]) -> sql.Composed:
    """The parts, without doubles."""
    return SQL(" UNION ").join(parts)


class Doing(StrEnum):
    """What a transaction does to the rows of its deletions, as history calls it."""

    DELETING = "deleted"
    RESTORING = "restored"
    PURGING = "purged"


@contextmanager
def declared(doing: Doing, deletions: Iterable[UUID], organization_id: UUID | None) -> Iterator[None]:
    """Within it, this transaction carries out `deletions`.

    The tables' triggers then record it once per table, and let rows be marked and come back. The settings end with
    the transaction at the latest.
    """
    ids = ",".join(str(deletion) for deletion in deletions)
    _say(ids, doing, str(organization_id or ""))
    yield
    _say("", "", "")


def _say(deletions: str, action: str, organization: str) -> None:
    run(
        SQL(
            "SELECT set_config('podium.deletion', %(deletions)s, true),"
            " set_config('podium.action', %(action)s, true),"
            " set_config('podium.deletion_organization', %(organization)s, true)"
        ),
        {"deletions": deletions, "action": action, "organization": organization},
    )
