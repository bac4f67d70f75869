"""Delete: root rows first, then one model after the other, parents locked before their children are read.

Locks have one order: models parents first, rows of a model by id. Restores and inserts keep to it too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, refers, run, table, union, unless_it_stays
from apps.core.softdelete.graph import Graph, Key, Node, Rule

# FOR UPDATE keeps new children away (their trigger takes FOR KEY SHARE) and, ordered by key, two deletes of
# overlapping trees from each other. The row is read again once it is locked: it may have been deleted, or moved,
# while we waited.
ROOTS = SQL("""
WITH wanted AS MATERIALIZED (
    SELECT m.id, w.deletion_id
    FROM unnest(%(ids)s::uuid[], %(deletions)s::uuid[]) AS w(id, deletion_id)
    JOIN {table} m ON m.id = w.id
    WHERE m.deleted_at IS NULL
    ORDER BY m.id FOR UPDATE OF m
)
UPDATE {table} m
SET deleted_at = %(at)s, deleted_by = %(by)s, deletion_id = wanted.deletion_id, version = m.version + 1
FROM wanted WHERE m.id = wanted.id AND m.deleted_at IS NULL
RETURNING m.id
""")
BY_ONE_KEY = SQL("""
WITH hit AS MATERIALIZED (
    SELECT m.id, p.deletion_id
    FROM {parent} p JOIN {table} m ON {refers}
    WHERE p.deletion_id = ANY(%(deletions)s::uuid[]) AND m.deleted_at IS NULL {unless}
    ORDER BY m.id FOR UPDATE OF m
), taken AS (
    UPDATE {table} m
    SET deleted_at = %(at)s, deleted_by = %(by)s, deletion_id = hit.deletion_id, version = m.version + 1
    FROM hit WHERE m.id = hit.id AND m.deleted_at IS NULL
    RETURNING m.deletion_id
)
SELECT deletion_id, count(*) FROM taken GROUP BY deletion_id
""")
FOUND = SQL("""
    SELECT m.id FROM {parent} p JOIN {table} m ON {refers}
    WHERE p.deletion_id = ANY(%(deletions)s::uuid[]) AND m.deleted_at IS NULL {unless}
""")
BY_MANY_KEYS = SQL("""
WITH hit AS MATERIALIZED (
    SELECT {columns}, m.id FROM {table} m
    WHERE m.id IN ({found}) AND m.deleted_at IS NULL
    ORDER BY m.id FOR UPDATE OF m
), taken AS (
    UPDATE {table} m
    SET deleted_at = %(at)s, deleted_by = %(by)s, deletion_id = COALESCE({parents}), version = m.version + 1
    FROM hit {joins}
    WHERE m.id = hit.id AND m.deleted_at IS NULL AND COALESCE({parents}) IS NOT NULL
    RETURNING m.deletion_id
)
SELECT deletion_id, count(*) FROM taken GROUP BY deletion_id
""")
# A model's own tree is taken level by level, and levels are not ordered by id: all of it is locked before, at once.
# Rows that came into the tree while we waited for its locks are not among them: SKIP LOCKED tells, without waiting.
OWN_TREE = SQL("""
WITH RECURSIVE doomed AS ({seeds} UNION {below}), locked AS MATERIALIZED (
    SELECT m.id FROM {table} m WHERE m.id IN (SELECT id FROM doomed) ORDER BY m.id FOR UPDATE OF m {wait}
)
SELECT (SELECT count(*) FROM doomed) = (SELECT count(*) FROM locked)
""")
OWN_ROOTS = SQL("SELECT m.id FROM {table} m WHERE m.id = ANY(%(ids)s::uuid[])")
OWN_BELOW = SQL("SELECT m.id FROM doomed p JOIN {table} m ON {refers} WHERE m.deleted_at IS NULL")
ATTEMPTS = 20  # to find a tree at rest; after that a deadlock is risked rather than no delete
JOIN = SQL(" LEFT JOIN {parent} {alias} ON {refers} AND {alias}.deletion_id = ANY(%(deletions)s::uuid[])")
STANDS = SQL("""
EXISTS (
    SELECT 1 FROM {parent} p JOIN {table} m ON {refers}
    WHERE p.deletion_id = ANY(%(deletions)s::uuid[]) AND {stays}
)
""")


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


def take(
    graph: Graph, root: Node, ids: Sequence[UUID], stamp: Stamp, progress: Callable[[int], None] | None = None
) -> Counts:
    """Soft-delete the live rows `ids` of `root` and everything below.

    Args:
        progress: told after each model how many rows are taken so far.

    Returns:
        for each deletion that took its root, rows per model. A root that was deleted already is not among them.
    """
    wanted = {**stamp.parameters(), "ids": list(ids)}
    _lock_own_tree(root, graph.cascades(root.label, [root]), [OWN_ROOTS.format(table=table(root))], wanted)
    taken = run(ROOTS.format(table=table(root)), wanted)
    roots = {row[0] for row in taken}
    counts: Counts = {
        deletion: Counter({root.label: 1})
        for row_id, deletion in zip(ids, stamp.deletions, strict=True)
        if row_id in roots
    }
    if not counts:
        return counts
    done = Stamp(tuple(counts), stamp.at, stamp.by)
    below = graph.below(root.label)
    for node in below:
        keys = graph.cascades(node.label, below)
        others, own = [key for key in keys if not key.is_own], [key for key in keys if key.is_own]
        if node != root:
            _lock_own_tree(node, own, [_found(graph, node, key) for key in others], done.parameters())
        _take_children(graph, node, others, done, counts)
        while any(_take_children(graph, node, [key], done, counts) for key in own):
            pass  # one level of the model's own tree at a time
        if progress is not None:
            progress(sum(sum(of_one.values()) for of_one in counts.values()))
    return counts


def _lock_own_tree(
    node: Node, own: Sequence[Key], seeds: Sequence[sql.Composed], parameters: dict[str, object]
) -> None:
    """Lock the rows of `node` that `seeds` find, and what is below them by its `own` keys, in order of their ids.

    Once all of them are locked, nothing new comes below them. Until then it is begun anew, without the locks.
    """
    if not own or not seeds:
        return
    reached = SQL(" OR ").join(refers(key, child="m", parent="p") for key in own)
    names = {
        "seeds": union(seeds),
        "below": OWN_BELOW.format(table=table(node), refers=SQL("({})").format(reached)),
        "table": table(node),
    }
    for _ in range(ATTEMPTS):
        point = transaction.savepoint()
        run(OWN_TREE.format(**names, wait=SQL("")), parameters)
        ((is_whole,),) = run(OWN_TREE.format(**names, wait=SQL("SKIP LOCKED")), parameters)
        if is_whole:
            transaction.savepoint_commit(point)
            return
        transaction.savepoint_rollback(point)
    run(OWN_TREE.format(**names, wait=SQL("")), parameters)


def _found(graph: Graph, node: Node, key: Key) -> sql.Composed:
    """The live rows of `node` whose parent by `key` is taken."""
    refer = refers(key, child="m", parent="p")
    parent = table(graph.nodes[key.parent])
    return FOUND.format(table=table(node), parent=parent, refers=refer, unless=unless_it_stays(key, "m"))


def _take_children(graph: Graph, node: Node, keys: list[Key], stamp: Stamp, counts: Counts) -> bool:
    if not keys:
        return False
    if len(keys) == 1:
        (key,) = keys
        statement = BY_ONE_KEY.format(
            table=table(node),
            parent=table(graph.nodes[key.parent]),
            refers=refers(key, child="m", parent="p"),
            unless=unless_it_stays(key, "m"),
        )
    else:
        statement = _by_many_keys(graph, node, keys)
    rows = run(statement, stamp.parameters())
    for deletion, count in rows:
        counts[deletion][node.label] += count
    return bool(rows)


def _by_many_keys(graph: Graph, node: Node, keys: list[Key]) -> sql.Composed:
    aliases = [f"p{index}" for index in range(len(keys))]
    found = [_found(graph, node, key) for key in keys]
    joins = [
        JOIN.format(
            parent=table(graph.nodes[key.parent]),
            alias=sql.Identifier(alias),
            refers=refers(key, child="hit", parent=alias),
        )
        for key, alias in zip(keys, aliases, strict=True)
    ]
    columns = {key.column for key in keys} | {key.type_column for key in keys if key.type_column}
    return BY_MANY_KEYS.format(
        table=table(node),
        columns=SQL(", ").join(SQL("m.{}").format(sql.Identifier(name)) for name in sorted(columns)),
        found=union(found),
        parents=SQL(", ").join(SQL("{}.deletion_id").format(sql.Identifier(alias)) for alias in aliases),
        joins=sql.Composed(joins),
    )


def protectors(graph: Graph, root: Node, deletions: Sequence[UUID]) -> list[Key]:
    """The keys by which rows that stay forbid what was taken.

    As in Django, `PROTECT` holds even where the child goes too, and `RESTRICT` only where it stays.
    """
    keys = [
        key for node in graph.below(root.label) for key in graph.referring(node.label, Rule.PROTECT, Rule.RESTRICT)
    ]
    if not keys:
        return []
    checks = [
        STANDS.format(
            parent=table(graph.nodes[key.parent]),
            table=sql.Identifier(key.child_table),
            refers=refers(key, child="m", parent="p"),
            stays=_stays(graph, key),
        )
        for key in keys
    ]
    (found,) = run(SQL("SELECT {}").format(SQL(", ").join(checks)), {"deletions": list(deletions)})
    return [key for key, stands in zip(keys, found, strict=True) if stands]


def _stays(graph: Graph, key: Key) -> sql.Composable:
    if key.child not in graph.nodes:
        return SQL("true")
    if key.rule is Rule.RESTRICT:
        return SQL("m.deleted_at IS NULL")
    return SQL("(m.deleted_at IS NULL OR m.deletion_id = ANY(%(deletions)s::uuid[]))")
