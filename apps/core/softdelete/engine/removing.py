"""Purge: rows go for good, children before their parents, in batches of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, as_filter, changed, column, parent_id, refers, run, table, union
from apps.core.softdelete.graph import HARD, Graph, Key, Node, Rule
from apps.core.softdelete.metadata import model_of

# Rows of other deletions below those that go: without what they belong to they could never come back.
OTHERS = SQL("""
SELECT DISTINCT m.deletion_id FROM {table} m WHERE m.deletion_id <> ALL(%(deletions)s::uuid[]) AND {is_below}
""")
KEPT = SQL("""
SELECT p.deletion_id FROM {table} m JOIN {parent} p ON p.id = {parent_id}
WHERE m.deletion_id = ANY(%(deletions)s::uuid[]) AND {is_another}
""")
IS_ANOTHER = as_filter(SQL("p.deletion_id <> ALL(%(deletions)s::uuid[])"))
ABSORB = SQL("""
UPDATE {table} m SET deletion_id = %(deletion)s WHERE m.deletion_id <> %(deletion)s AND {is_below}
""")
IS_BELOW = SQL("{parent_id} IN (SELECT p.id FROM {parent} p WHERE p.deletion_id = ANY(%(deletions)s::uuid[]))")
NEXT = SQL("""
SELECT m.id FROM {table} m WHERE m.deletion_id = %(deletion)s {youngest} ORDER BY m.id LIMIT %(size)s FOR UPDATE
""")
YOUNGEST = SQL("AND NOT EXISTS (SELECT 1 FROM {table} child WHERE {refers})")
FORGET = SQL("UPDATE {table} m SET {column} = NULL {counted} WHERE {own_column} = ANY(%(ids)s::uuid[])")
REMOVE = SQL("DELETE FROM {table} WHERE id = ANY(%(ids)s::uuid[])")
BUSY = SQL("SELECT NOT pg_try_advisory_xact_lock(%(lock)s, hashtext(%(deletion)s))")
LOCK = 0x50_44_50  # ours among PostgreSQL's advisory locks


def is_busy(deletion: UUID) -> bool:
    """Whether another worker purges this deletion now; if not, it is ours until the transaction ends."""
    ((busy,),) = run(BUSY, {"lock": LOCK, "deletion": str(deletion)})
    return bool(busy)


def deletions_below(graph: Graph, root: str, deletion: UUID) -> list[UUID]:
    """Other deletions that hold rows below those of `deletion`."""
    found: list[UUID] = [deletion]
    keys = _hard_keys(graph, root)
    while True:
        more = {row[0] for key in keys for row in run(_of_those_below(OTHERS, graph, key), {"deletions": found})}
        if not more:
            return found[1:]
        found += sorted(more)


def deletions_kept_by(graph: Graph, deletions: Sequence[UUID]) -> list[UUID]:
    """Other deletions that can't be purged as long as `deletions` are not: those with rows above theirs."""
    found = list(deletions)
    keys = [key for label in graph.order for key in graph.referring(label, *HARD) if key.child in graph.nodes]
    statement = union(KEPT.format(**_names(graph, key), is_another=IS_ANOTHER) for key in keys)
    while more := [row[0] for row in run(statement, {"deletions": found})] if found else []:
        found += more
    return found[len(deletions) :]


def absorb(graph: Graph, root: str, deletion: UUID) -> int:
    """Give every deleted row below those of `deletion` to it; how many there were."""
    absorbed, keys = 0, _hard_keys(graph, root)
    parameters = {"deletion": deletion, "deletions": [deletion]}
    while count := sum(changed(_of_those_below(ABSORB, graph, key), parameters) for key in keys):
        absorbed += count
    return absorbed


def _hard_keys(graph: Graph, root: str) -> list[Key]:
    """The keys from soft-deleted models without whose parent a row can't be."""
    reached = {node.label for node in graph.hard_below(root)}
    return [key for label in reached for key in graph.referring(label, *HARD) if key.child in reached]


def _of_those_below(statement: sql.SQL, graph: Graph, key: Key) -> sql.Composed:
    """The statement, on rows that belong by `key` to rows of `deletions`."""
    names = _names(graph, key)
    return statement.format(**names, is_below=as_filter(IS_BELOW.format(**names)))


def _names(graph: Graph, key: Key) -> dict[str, sql.Composable]:
    return {
        "table": table(graph.nodes[key.child]),
        "parent": table(graph.nodes[key.parent]),
        "parent_id": parent_id(key, "m"),
    }


def next_batch(graph: Graph, root: str, deletion: UUID, size: int) -> tuple[Node, list[UUID]] | None:
    """The next rows to remove, of the last model that has any left, locked; None when all are gone."""
    for node in reversed(graph.hard_below(root)):
        own = [key for key in graph.parents(node.label) if key.is_own]
        youngest = [YOUNGEST.format(table=table(node), refers=refers(key, child="child", parent="m")) for key in own]
        statement = NEXT.format(table=table(node), youngest=SQL(" ").join(youngest))
        ids = [row[0] for row in run(statement, {"deletion": deletion, "size": size})]
        if ids:
            return node, ids
    return None


def remove(graph: Graph, node: Node, ids: Sequence[UUID]) -> int:
    """Remove rows that nothing soft-deleted belongs to any more, and let go of what else refers to them."""
    for key in graph.referring(node.label, Rule.SET_NULL):
        _forget(graph, key, ids)
    for key in graph.referring(node.label, Rule.CASCADE):
        if key.child not in graph.nodes:
            child: Any = model_of(key.child)
            child._base_manager.filter(**{f"{key.field}__in": ids}).delete()  # with what is below it, as Django does
    return changed(REMOVE.format(table=table(node)), {"ids": list(ids)})


def _forget(graph: Graph, key: Key, ids: Sequence[UUID]) -> None:
    counted = SQL(", version = m.version + 1") if key.child in graph.nodes else SQL("")
    statement = FORGET.format(
        table=sql.Identifier(key.child_table),
        column=sql.Identifier(key.column),
        own_column=column(key, "m"),
        counted=counted,
    )
    run(statement, {"ids": list(ids)})


def rows_in(model: type[models.Model], node: Node, ids: Sequence[UUID]) -> models.QuerySet[Any]:
    """The rows of a batch, asked for by model."""
    manager = model._base_manager
    return manager.filter(pk__in=ids) if model._meta.label_lower == node.label else manager.none()
