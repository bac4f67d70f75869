"""Restore: the rows of one deletion come back where everything that they belong to is live.

A row under a parent that another deletion took stays deleted and is handed over to that deletion: it comes back with
its parent. Only restores write to deleted rows, and they run one at a time in an organization (see `alone`).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, changed, column, is_of_type, refers, run, table, union
from apps.core.softdelete.graph import Graph, Key, Node

# Parents outside the deletion, locked before their children come back: a delete of one of them waits, and then takes
# the child along; without the lock it would miss it. (Of a subquery instead of WITH, only the deleted rows would be
# locked: PostgreSQL pushes the condition down into it.)
OUTSIDE = SQL("""
WITH locked AS MATERIALIZED (
    SELECT p.deletion_id FROM {parent} p
    WHERE p.id IN ({wanted}) AND p.deletion_id IS DISTINCT FROM %(deletion)s
    ORDER BY p.id FOR KEY SHARE OF p
)
SELECT count(*) FROM locked WHERE deletion_id IS NOT NULL
""")
WANTED = SQL("SELECT {column}::uuid FROM {table} m WHERE m.deletion_id = %(deletion)s {of_type}")
HAND_OVER = SQL("""
UPDATE {table} m SET deletion_id = COALESCE({blockers}), version = m.version + 1
WHERE m.deletion_id = %(deletion)s AND COALESCE({blockers}) IS NOT NULL
""")
BLOCKER = SQL("(SELECT p.deletion_id FROM {parent} p WHERE {refers} AND p.deletion_id IS NOT NULL {other})")
REVIVE = SQL("""
UPDATE {table} m SET deleted_at = NULL, deleted_by = NULL, deletion_id = NULL, version = m.version + 1
WHERE m.deletion_id = %(deletion)s
""")
ALONE = SQL(
    "SELECT pg_advisory_xact_lock_shared(%(platform)s), pg_advisory_xact_lock(%(platform)s, hashtext(%(of)s))"
)
ALONE_ON_THE_PLATFORM = SQL("SELECT pg_advisory_xact_lock(%(platform)s)")
LOCK = 0x50_44_44  # ours among PostgreSQL's advisory locks


def alone(organization_id: UUID | None) -> None:
    """Wait for other restores of this organization to end; a restore of the platform's own waits for all.

    Two restores would need each other's rows in opposite orders (mine come back, yours I only look at).
    """
    if organization_id is None:
        run(ALONE_ON_THE_PLATFORM, {"platform": LOCK})
    else:
        run(ALONE, {"platform": LOCK, "of": str(organization_id)})


def revive(graph: Graph, root: str, deletion: UUID) -> dict[str, int]:
    """Bring the rows of `deletion` back, parents first.

    Returns:
        rows that came back, per model.

    Raises:
        IntegrityError: a live row has taken a value that must be unique.
    """
    affected = graph.below(root)
    labels = {node.label for node in affected}
    keys = [key for node in affected for key in graph.parents(node.label)]
    looked_at = {key.parent for key in keys}
    blocked: set[str] = set()
    back: dict[str, int] = {}
    for label in graph.order:
        node = graph.nodes[label]
        if label in looked_at and _lock_outside(graph, node, [k for k in keys if k.parent == label], deletion):
            blocked.add(label)
        if label not in labels:
            continue
        if _hand_over(graph, node, blocked, deletion):
            blocked.add(label)
        count = changed(REVIVE.format(table=table(node)), {"deletion": deletion})
        if count:
            back[label] = count
    return back


def _lock_outside(graph: Graph, parent: Node, keys: Sequence[Key], deletion: UUID) -> bool:
    """Lock the rows of `parent` outside the deletion that its rows belong to; whether one of them is deleted."""
    wanted = [_wanted(graph, key) for key in keys]
    ((deleted,),) = run(OUTSIDE.format(parent=table(parent), wanted=union(wanted)), {"deletion": deletion})
    return bool(deleted)


def _wanted(graph: Graph, key: Key) -> sql.Composed:
    of_type = SQL("AND {}").format(is_of_type(key, "m")) if key.type_column else SQL("")
    return WANTED.format(column=column(key, "m"), table=table(graph.nodes[key.child]), of_type=of_type)


def _hand_over(graph: Graph, node: Node, blocked: set[str], deletion: UUID) -> bool:
    """Give rows under a deleted parent to that parent's deletion; whether there were any."""
    keys = [key for key in graph.parents(node.label) if key.parent in blocked]
    if not keys:
        return False
    handed = changed(_hand_over_by(graph, node, keys), {"deletion": deletion})
    own = [key for key in graph.parents(node.label) if key.is_own]
    while own and changed(_hand_over_by(graph, node, own), {"deletion": deletion}):
        handed += 1  # rows below those that were just handed over, one level of the model's own tree at a time
    return handed > 0


def _hand_over_by(graph: Graph, node: Node, keys: Sequence[Key]) -> sql.Composed:
    blockers = [
        BLOCKER.format(
            parent=table(graph.nodes[key.parent]),
            refers=refers(key, child="m", parent="p"),
            other=SQL("AND p.deletion_id <> %(deletion)s") if key.is_own else SQL(""),
        )
        for key in keys
    ]
    return HAND_OVER.format(table=table(node), blockers=SQL(", ").join(blockers))
