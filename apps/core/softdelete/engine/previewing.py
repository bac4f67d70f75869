"""What a delete would take, looked up without changing or locking anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import sql

from apps.core.softdelete.engine import reaching
from apps.core.softdelete.engine.reaching import Rows, below, found, has_children, own_tree, parents
from apps.core.softdelete.engine.sqltext import LIVE, SQL, as_filter, run, table
from apps.core.softdelete.graph import Graph, Key, Node, Rule
from apps.core.softdelete.metadata import label_of

ROOTS = SQL("SELECT m.id FROM {table} m WHERE m.id = ANY(%(ids)s::uuid[]) AND {is_live}")


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would go.

    Attributes:
        counts: rows per model; models with none are left out.
        ids: the rows of each model that others may refer to, or that may forbid something.
    """

    counts: dict[str, int]
    ids: Rows


def look(graph: Graph, root: Node, ids: Sequence[UUID]) -> Doomed:
    """What a delete of the rows `ids` of `root` would take."""
    live = run(ROOTS.format(table=table(root), is_live=as_filter(LIVE)), {"ids": list(ids)})
    doomed = Doomed({}, {root.label: [row_id for (row_id,) in live]})
    for node in graph.below(root.label):
        keys = _keys(graph, root, node, doomed)
        others, own = [key for key in keys if not key.is_own], [key for key in keys if key.is_own]
        if others and not _is_asked_for(graph, node):
            ((doomed.counts[node.label],),) = run(found(node, others, "count(*)"), parents(others, doomed.ids))
            continue
        first = below(node, others, doomed.ids) if others else doomed.ids.get(node.label, [])
        doomed.ids[node.label] = own_tree(node, own, first)
        doomed.counts[node.label] = len(doomed.ids[node.label])
    return Doomed({label: count for label, count in doomed.counts.items() if count}, doomed.ids)


def _keys(graph: Graph, root: Node, node: Node, doomed: Doomed) -> list[Key]:
    """The keys by which rows of `node` go along with others."""
    keys = graph.cascades(node.label, graph.below(root.label))
    return [key for key in keys if key.is_own or doomed.ids.get(key.parent)]


def _is_asked_for(graph: Graph, node: Node) -> bool:
    restricts = any(key.rule is Rule.RESTRICT for key in graph.links(node.label))
    return restricts or has_children(graph, node)


def protectors(graph: Graph, doomed: Doomed) -> list[Key]:
    """The keys by which rows that stay would forbid it."""
    return reaching.protectors(graph, doomed.ids, lambda key: _stays(graph, key, doomed), {})


def _stays(graph: Graph, key: Key, doomed: Doomed) -> sql.Composable:
    if key.child not in graph.nodes:
        return SQL("true")
    if key.rule is Rule.RESTRICT and doomed.ids.get(key.child):
        return SQL("{} AND m.id <> ALL({}::uuid[])").format(LIVE, sql.Literal(doomed.ids[key.child]))
    return LIVE


def rows(graph: Graph, root: Node, doomed: Doomed, model: type[models.Model]) -> models.QuerySet[Any]:
    """The rows of `model` that would go, as a queryset."""
    label = label_of(model)
    manager = model._base_manager
    if label not in doomed.counts:
        return manager.none()
    if label in doomed.ids:
        return manager.filter(pk__in=doomed.ids[label])
    node = graph.nodes[label]
    keys = _keys(graph, root, node, doomed)
    return manager.filter(pk__in=below(node, keys, doomed.ids))
