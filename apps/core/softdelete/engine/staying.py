"""Which rows of a deletion would stay deleted at a restore, because another deletion holds a parent of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, as_filter, parent_id, run, table, union, unless_it_stays
from apps.core.softdelete.graph import Graph, Node

OUTSIDE = SQL("""
SELECT m.id FROM {table} m JOIN {parent} p ON p.id = {parent_id}
WHERE m.deletion_id = {deletion} AND m.id <> {root} AND {of_another}
""")
OF_ANOTHER = SQL("p.deletion_id <> {deletion} {unless}")
BELOW = SQL("SELECT m.id FROM {table} m WHERE m.deletion_id = {deletion} AND {stays}")
STAYS = SQL("{parent_id} IN (SELECT id FROM {staying})")
OWN_BELOW = SQL("SELECT m.id FROM {staying} p JOIN {table} m ON p.id = {parent_id} WHERE m.deletion_id = {deletion}")


def count(graph: Graph, root: str, root_id: UUID, deletion: UUID) -> dict[str, int]:
    """Rows per model that a restore of `deletion` would hand over; models with none are left out.

    The root row is not among them: while what it belongs to is deleted, nothing is restored.
    """
    below = _may_wait(graph, root)
    if not below:
        return {}
    counts = [SQL("(SELECT count(*) FROM {})").format(_name(graph, node.label)) for node in below]
    (numbers,) = run(SQL("{} SELECT {}").format(_waiting(graph, below, root_id, deletion), SQL(", ").join(counts)))
    return {node.label: number for node, number in zip(below, numbers, strict=True) if number}


def among(graph: Graph, root: str, root_id: UUID, deletion: UUID, ids: Iterable[UUID]) -> set[UUID]:
    """Those of `ids` that a restore of `deletion` would hand over."""
    below, wanted = _may_wait(graph, root), list(ids)
    if not below or not wanted:
        return set()
    every = union(SQL("SELECT id FROM {}").format(_name(graph, node.label)) for node in below)
    statement = SQL("{} SELECT id FROM ({}) AS waiting WHERE id = ANY(%(ids)s::uuid[])")
    rows = run(statement.format(_waiting(graph, below, root_id, deletion), every), {"ids": wanted})
    return {row[0] for row in rows}


def _may_wait(graph: Graph, root: str) -> list[Node]:
    has_own = any(key.is_own for key in graph.parents(root))
    return [node for node in graph.below(root) if node.label != root or has_own]


def _waiting(graph: Graph, below: Sequence[Node], root_id: UUID, deletion: UUID) -> sql.Composed:
    """`WITH …`: for each model the ids of its rows that wait."""
    parts, seen = [], set()
    for node in below:
        seen.add(node.label)
        found = []
        for key in sorted(graph.parents(node.label), key=lambda key: key.is_own):
            names = {
                "table": table(node),
                "parent": table(graph.nodes[key.parent]),
                "parent_id": parent_id(key, "m"),
                "staying": _name(graph, key.parent),
                "deletion": sql.Literal(deletion),
                "root": sql.Literal(root_id),
            }
            of_another = OF_ANOTHER.format(**names, unless=unless_it_stays(key, "m"))
            found.append(OUTSIDE.format(**names, of_another=as_filter(of_another)))
            if key.is_own:
                found.append(OWN_BELOW.format(**names))
            elif key.parent in seen:
                found.append(BELOW.format(**names, stays=as_filter(STAYS.format(**names))))
        found.sort(
            key=lambda part: _name(graph, node.label).as_string() in part.as_string()
        )  # the recursion comes last
        parts.append(SQL("{} AS ({})").format(_name(graph, node.label), union(found)))
    return SQL("WITH RECURSIVE {}").format(SQL(", ").join(parts))


def _name(graph: Graph, label: str) -> sql.Identifier:
    return sql.Identifier(f"staying_{graph.order.index(label)}")
