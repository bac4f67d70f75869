"""Delete: root rows first, then one model after the other, parents locked before their children are read.

Locks have one order: models parents first, rows of a model by id. Restores and inserts keep to it too.

Children are found by the ids of their parents: `reaching` says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from psycopg import sql

from apps.core.softdelete.engine import reaching
from apps.core.softdelete.engine.reaching import Rows, below, has_children, own_tree, parents, reached
from apps.core.softdelete.engine.sqltext import LIVE, SQL, as_filter, parent_id, run, table
from apps.core.softdelete.graph import Graph, Key, Node, Rule

# FOR UPDATE keeps new children away (their trigger takes FOR KEY SHARE) and, ordered by key, two deletes of
# overlapping trees from each other. The row is read again once it is locked: it may have been deleted, or moved,
# while we waited. What is marked then is found by its key alone: that is never more than one look at each row.
ROOTS = SQL("""
WITH wanted AS MATERIALIZED (
    SELECT m.id, w.deletion_id
    FROM unnest(%(ids)s::uuid[], %(deletions)s::uuid[]) AS w(id, deletion_id)
    JOIN {table} m ON m.id = w.id
    WHERE {is_live}
    ORDER BY m.id FOR UPDATE OF m
)
UPDATE {table} m
SET deleted_at = %(at)s, deleted_by = %(by)s, deletion_id = wanted.deletion_id, version = m.version + 1
FROM wanted WHERE m.id = wanted.id
RETURNING m.id
""")
CHILDREN = SQL("""
WITH hit AS MATERIALIZED (
    SELECT {columns} FROM {table} m WHERE {reached} AND m.deleted_at IS NULL ORDER BY m.id FOR UPDATE OF m
), taken AS (
    UPDATE {table} m
    SET deleted_at = %(at)s, deleted_by = %(by)s, deletion_id = {deletion}, version = m.version + 1
    FROM hit {joins} WHERE m.id = hit.id
    RETURNING m.id, m.deletion_id
)
SELECT deletion_id, count(*), {ids} FROM taken GROUP BY deletion_id
""")
PARENT = SQL(" LEFT JOIN {parent} {alias} ON {alias}.id = {parent_id}")
ITS_DELETION = SQL("CASE WHEN {alias}.deletion_id = ANY(%(deletions)s::uuid[]) THEN {alias}.deletion_id END")
LOCK = SQL("SELECT m.id FROM {table} m WHERE m.id = ANY(%(ids)s::uuid[]) ORDER BY m.id FOR UPDATE OF m")
ATTEMPTS = 20  # to find a tree at rest; after that a deadlock is risked rather than no delete


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row of a delete is marked with. `deletions` are the ids, one for each root row."""

    deletions: tuple[UUID, ...]
    at: datetime
    by: UUID | None

    def parameters(self) -> dict[str, object]:
        """For the statements above."""
        return {"deletions": list(self.deletions), "at": self.at, "by": self.by}


Counts = dict[UUID, Counter[str]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a delete has taken.

    Attributes:
        counts: rows per model, for each deletion that took its root.
        ids: the rows of each model that others refer to.
    """

    counts: Counts
    ids: Rows


def take(
    graph: Graph, root: Node, ids: Sequence[UUID], stamp: Stamp, progress: Callable[[int], None] | None = None
) -> Taken:
    """Soft-delete the live rows `ids` of `root` and everything below.

    Args:
        progress: told after each model how many rows are taken so far.

    Returns:
        what was taken: nothing of a root that was deleted already.
    """
    wanted = {**stamp.parameters(), "ids": list(ids)}
    _lock_own_tree(root, graph.cascades(root.label, [root]), lambda: ids)
    roots = [row[0] for row in run(ROOTS.format(table=table(root), is_live=as_filter(LIVE)), wanted)]
    gone = set(roots)
    taken = Taken(
        {
            deletion: Counter({root.label: 1})
            for row_id, deletion in zip(ids, stamp.deletions, strict=True)
            if row_id in gone
        },
        {root.label: roots},
    )
    if not roots:
        return taken
    done = Stamp(tuple(taken.counts), stamp.at, stamp.by)
    nodes = graph.below(root.label)
    for node in nodes:
        keys = [key for key in graph.cascades(node.label, nodes) if key.is_own or taken.ids.get(key.parent)]
        others, own = [key for key in keys if not key.is_own], [key for key in keys if key.is_own]
        if others:
            _lock_own_tree(node, own, partial(below, node, others, taken.ids))
            taken.ids[node.label] = _take_children(graph, node, others, done, taken)
        level = {node.label: taken.ids.get(node.label, [])}
        while own and level[node.label]:  # one level of the model's own tree at a time
            level = {node.label: _take_children(graph, node, own, done, Taken(taken.counts, level))}
            taken.ids[node.label] += level[node.label]
        if progress is not None:
            progress(sum(sum(of_one.values()) for of_one in taken.counts.values()))
    return taken


def _lock_own_tree(node: Node, own: Sequence[Key], top: Callable[[], Sequence[UUID]]) -> None:
    """Lock the rows `top` of `node`, and what is below them by its `own` keys, all at once in order of their ids.

    They are taken level by level, and levels are not ordered. Once all of them are locked, nothing new comes below
    them. Until then it is begun anew, without the locks.
    """
    if not own:
        return
    for attempt in range(1, ATTEMPTS + 1):
        point = transaction.savepoint()
        tree = own_tree(node, own, top())
        run(LOCK.format(table=table(node)), {"ids": tree})
        if attempt == ATTEMPTS or set(own_tree(node, own, top())) <= set(tree):
            transaction.savepoint_commit(point)
            return
        transaction.savepoint_rollback(point)


def _take_children(graph: Graph, node: Node, keys: Sequence[Key], stamp: Stamp, taken: Taken) -> list[UUID]:
    """Take the live rows of `node` below what is `taken`; their ids, where others refer to this model."""
    deletion, joins = _deletion(graph, keys, stamp)
    columns = {"id"} | {key.column for key in keys} | {key.type_column for key in keys if key.type_column}
    statement = CHILDREN.format(
        table=table(node),
        columns=SQL(", ").join(SQL("m.{}").format(sql.Identifier(name)) for name in sorted(columns)),
        reached=reached(keys),
        deletion=deletion,
        joins=joins,
        ids=SQL("array_agg(id)" if has_children(graph, node) else "NULL"),
    )
    found: list[UUID] = []
    for of, count, ids in run(statement, stamp.parameters() | parents(keys, taken.ids)):
        taken.counts[of][node.label] += count
        found += ids or ()
    return found


def _deletion(graph: Graph, keys: Sequence[Key], stamp: Stamp) -> tuple[sql.Composable, sql.Composable]:
    """Which deletion takes a row that was hit, and the joins with its parents that tell."""
    if len(stamp.deletions) == 1:
        return sql.Literal(stamp.deletions[0]), SQL("")
    aliases = [sql.Identifier(f"p{index}") for index in range(len(keys))]
    joins = [
        PARENT.format(parent=table(graph.nodes[key.parent]), alias=alias, parent_id=parent_id(key, "hit"))
        for key, alias in zip(keys, aliases, strict=True)
    ]
    deletions = [ITS_DELETION.format(alias=alias) for alias in aliases]
    return SQL("COALESCE({})").format(SQL(", ").join(deletions)), sql.Composed(joins)


def protectors(graph: Graph, taken: Taken) -> list[Key]:
    """The keys by which rows that stay forbid what was taken.

    As in Django, `PROTECT` holds even where the child goes too, and `RESTRICT` only where it stays.
    """
    return reaching.protectors(graph, taken.ids, lambda key: _stays(graph, key), {"deletions": list(taken.counts)})


def _stays(graph: Graph, key: Key) -> sql.Composable:
    if key.child not in graph.nodes:
        return SQL("true")
    if key.rule is Rule.RESTRICT:
        return LIVE
    return SQL("(m.deleted_at IS NULL OR m.deletion_id = ANY(%(deletions)s::uuid[]))")
