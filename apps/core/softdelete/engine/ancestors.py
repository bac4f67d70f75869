"""Which deletions stand above a row."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, refers, run, table, union, unless_it_stays
from apps.core.softdelete.graph import Graph

ABOVE = SQL("""
SELECT {label}, p.id, p.deletion_id FROM {table} m JOIN {parent} p ON {refers}
WHERE m.id = ANY(%(ids)s::uuid[]) AND p.deletion_id IS NOT NULL {unless}
""")


def deletions_above(graph: Graph, label: str, row_id: UUID) -> set[UUID]:
    """The deletions that took what the row `row_id` of the model `label` belongs to."""
    return {deletion for _, _, deletion in _rows_above(graph, label, [row_id])}


def all_deletions_above(graph: Graph, label: str, row_id: UUID) -> set[UUID]:
    """The deletions that hold what the row `row_id` of the model `label` belongs to, however far up.

    The root of each is among what the row belongs to: everything that a deletion holds is below its root.
    """
    found: set[UUID] = set()
    seen: set[tuple[str, UUID]] = set()
    rows = {(label, row_id)}
    while rows:
        seen |= rows
        above: list[tuple[str, UUID, UUID]] = []
        for model in {of for of, _ in rows}:
            above += _rows_above(graph, model, [each for of, each in rows if of == model])
        found |= {deletion for _, _, deletion in above}
        rows = {(of, each) for of, each, _ in above} - seen
    return found


def _rows_above(graph: Graph, label: str, ids: Sequence[UUID]) -> list[tuple[str, UUID, UUID]]:
    """The deleted rows one step above rows of the model `label`: model, id and deletion of each."""
    parts = [
        ABOVE.format(
            label=sql.Literal(key.parent),
            table=table(graph.nodes[label]),
            parent=table(graph.nodes[key.parent]),
            refers=refers(key, child="m", parent="p"),
            unless=unless_it_stays(key, "m"),
        )
        for key in graph.parents(label)
    ]
    return [(of, each, deletion) for of, each, deletion in run(union(parts), {"ids": ids})] if parts else []
