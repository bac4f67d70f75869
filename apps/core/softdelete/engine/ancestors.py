"""What stands above rows: the deleted rows that they belong to, and the deletions that hold those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, refers, run, table, union, unless_it_stays
from apps.core.softdelete.graph import Graph

ABOVE = SQL("""
SELECT {label}, p.id, p.deletion_id FROM {table} m JOIN {parent} p ON {refers}
WHERE m.id = ANY(%(ids)s::uuid[]) AND p.deletion_id IS NOT NULL {unless}
""")


class Above(NamedTuple):
    """A deleted row that another one belongs to."""

    label: str
    id: UUID
    deletion: UUID


def rows_above(graph: Graph, label: str, ids: Iterable[UUID]) -> list[Above]:
    """The deleted rows that the rows `ids` of the model `label` belong to, one step up."""
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
    return [Above(*row) for row in run(union(parts), {"ids": list(ids)})] if parts else []


def deletions_above(graph: Graph, label: str, row_id: UUID) -> set[UUID]:
    """The deletions that took what the row `row_id` of the model `label` belongs to."""
    return {above.deletion for above in rows_above(graph, label, [row_id])}
