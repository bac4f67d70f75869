"""Restore: the rows of one deletion come back where everything that they belong to is live.

A row under a parent that another deletion took stays deleted and is handed over to that deletion: it comes back with
its parent. Only restores and purges write to deleted rows, and they run one at a time in an organization (`alone`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from apps.core.softdelete.engine.sqltext import (
    SQL,
    changed,
    parent_id,
    run,
    table,
    union,
    unless_it_stays,
)
from apps.core.softdelete.graph import Graph, Key, Node

# The rows that come back and what they belong to, a model at a time and by id: the order in which deletes lock. A
# delete of a parent waits for us, and then takes the child along; without the lock it would miss it. And one that
# waited for the delete that is undone here may hold deleted rows, locked while they still seemed live.
# (Of a subquery instead of WITH, only deleted rows would be locked: PostgreSQL pushes the condition down into it.)
LOCK_ROWS = SQL("""
WITH locked AS MATERIALIZED (
    SELECT p.deletion_id FROM {table} p WHERE p.id IN ({wanted}) ORDER BY p.id FOR KEY SHARE OF p
)
SELECT DISTINCT deletion_id FROM locked WHERE deletion_id IS NOT NULL
""")
OWN = SQL("SELECT m.id FROM {table} m WHERE m.deletion_id = ANY(%(deletions)s::uuid[])")
PARENTS = SQL("SELECT {parent_id} FROM {table} m WHERE m.deletion_id = ANY(%(deletions)s::uuid[])")
HAND_OVER = SQL("""
WITH handed AS (
    UPDATE {table} m SET deletion_id = COALESCE({blockers}), version = m.version + 1
    WHERE m.deletion_id = %(deletion)s AND COALESCE({blockers}) IS NOT NULL
    RETURNING m.deletion_id
)
SELECT DISTINCT deletion_id FROM handed
""")
BLOCKER = SQL("(SELECT CASE WHEN {blocks} THEN p.deletion_id END FROM {parent} p WHERE p.id = {parent_id})")
REVIVE = SQL("""
UPDATE {table} m SET deleted_at = NULL, deleted_by = NULL, deletion_id = NULL, version = m.version + 1
WHERE m.deletion_id = %(deletion)s
""")
ALONE = SQL(
    "SELECT pg_advisory_xact_lock_shared(%(platform)s), pg_advisory_xact_lock(%(platform)s, hashtext(%(of)s))"
)
ALONE_ON_THE_PLATFORM = SQL("SELECT pg_advisory_xact_lock(%(platform)s)")
HANDED_OVER = UUID(int=0)  # some other deletion
LOCK = 0x50_44_44  # ours among PostgreSQL's advisory locks


def alone(organization_id: UUID | None) -> None:
    """Wait for other restores of this organization to end; a restore of the platform's own waits for all.

    Two restores would need each other's rows: mine come back, yours I only look at, and the other way round.
    """
    if organization_id is None:
        run(ALONE_ON_THE_PLATFORM, {"platform": LOCK})
    else:
        run(ALONE, {"platform": LOCK, "of": str(organization_id)})


@dataclass(frozen=True, slots=True)
class Locked:
    """What a restore has locked: by model, the deletions that hold rows of it."""

    deletions: dict[str, set[UUID]]

    def holds_others(self, label: str, deletion: UUID) -> bool:
        """Whether a row of this model may be deleted by another deletion than `deletion`."""
        return bool(self.deletions.get(label, set()) - {deletion})


def lock_rows(graph: Graph, roots: Mapping[UUID, str]) -> Locked:
    """Lock everything that restoring these deletions looks at or changes.

    Args:
        roots: the deletions, with the model of each one's root.
    """
    affected = {node.label for root in roots.values() for node in graph.below(root)}
    keys = [key for label in affected for key in graph.parents(label)]
    looked_at = affected | {key.parent for key in keys}
    found: dict[str, set[UUID]] = {}
    for label in graph.order:
        if label in looked_at:
            wanted = [_parents(graph, key) for key in keys if key.parent == label]
            if label in affected:
                wanted.append(OWN.format(table=table(graph.nodes[label])))
            statement = LOCK_ROWS.format(table=table(graph.nodes[label]), wanted=union(wanted))
            found[label] = {row[0] for row in run(statement, {"deletions": list(roots)})}
    return Locked(found)


def revive(graph: Graph, root: str, deletion: UUID, locked: Locked) -> set[UUID]:
    """Bring the rows of `deletion` back, parents first.

    Returns:
        the deletions that rows were handed over to.

    Raises:
        IntegrityError: a live row has taken a value that must be unique.
    """
    takers: set[UUID] = set()
    for node in graph.below(root):
        takers |= _hand_over(graph, node, deletion, locked)
        changed(REVIVE.format(table=table(node)), {"deletion": deletion})
    return takers


def _parents(graph: Graph, key: Key) -> sql.Composed:
    return PARENTS.format(parent_id=parent_id(key, "m"), table=table(graph.nodes[key.child]))


def _hand_over(graph: Graph, node: Node, deletion: UUID, locked: Locked) -> set[UUID]:
    """Give rows under a deleted parent to that parent's deletion; which deletions took any."""
    parents = graph.parents(node.label)
    keys = [key for key in parents if locked.holds_others(key.parent, deletion)]
    takers = _hand_over_by(graph, node, keys, deletion)
    if not takers:
        return takers
    locked.deletions[node.label].add(HANDED_OVER)
    own = [key for key in parents if key.is_own]
    while more := _hand_over_by(graph, node, own, deletion):
        takers |= more  # rows below those that were just handed over, one level of the model's own tree at a time
    return takers


def _hand_over_by(graph: Graph, node: Node, keys: Sequence[Key], deletion: UUID) -> set[UUID]:
    if not keys:
        return set()
    blockers = [
        BLOCKER.format(
            parent=table(graph.nodes[key.parent]),
            parent_id=parent_id(key, "m"),
            blocks=SQL("p.deletion_id <> %(deletion)s" if key.is_own else "true") + unless_it_stays(key, "m"),
        )
        for key in keys
    ]
    statement = HAND_OVER.format(table=table(node), blockers=SQL(", ").join(blockers))
    return {row[0] for row in run(statement, {"deletion": deletion})}
