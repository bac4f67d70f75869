"""Which deletions stand above a row."""

from __future__ import annotations

from uuid import UUID

from apps.core.softdelete.engine.sqltext import SQL, refers, run, table, union
from apps.core.softdelete.graph import Graph

ABOVE = SQL("""
SELECT p.deletion_id FROM {table} m JOIN {parent} p ON {refers}
WHERE m.id = %(id)s AND p.deletion_id IS NOT NULL AND p.deletion_id IS DISTINCT FROM m.deletion_id
""")


def deletions_above(graph: Graph, label: str, row_id: UUID) -> list[UUID]:
    """The deletions that took what the row `row_id` of the model `label` belongs to."""
    node = graph.nodes[label]
    parts = [
        ABOVE.format(
            table=table(node), parent=table(graph.nodes[key.parent]), refers=refers(key, child="m", parent="p")
        )
        for key in graph.parents(label)
    ]
    return [row[0] for row in run(union(parts), {"id": row_id})] if parts else []
