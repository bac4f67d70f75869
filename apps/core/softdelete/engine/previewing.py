"""What a delete would take, counted in one statement that changes and locks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.expressions import RawSQL
from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, refers, run, table, union, unless_it_stays
from apps.core.softdelete.graph import Graph, Key, Node, Rule
from apps.core.softdelete.metadata import label_of

ROOT = SQL("SELECT m.id FROM {table} m WHERE m.id = ANY({ids}) AND m.deleted_at IS NULL")
BELOW = SQL("SELECT m.id FROM {parent} p JOIN {table} m ON {refers} WHERE m.deleted_at IS NULL {unless}")
STANDS = SQL("EXISTS (SELECT 1 FROM {parent} p JOIN {table} m ON {refers} WHERE {stays})")


def _name(graph: Graph, label: str) -> sql.Identifier:
    """What the statement calls the doomed rows of a model."""
    return sql.Identifier(f"doomed_{graph.order.index(label)}")


def _doomed(graph: Graph, root: Node, ids: Sequence[UUID]) -> sql.Composed:
    """`WITH RECURSIVE` and one subquery for each model below `root`, parents first."""
    below = graph.below(root.label)
    parts = []
    for node in below:
        keys = graph.cascades(node.label, below)
        found = [
            BELOW.format(
                parent=_name(graph, key.parent),
                table=table(node),
                refers=refers(key, child="m", parent="p"),
                unless=unless_it_stays(key, "m"),
            )
            for key in sorted(keys, key=lambda key: key.is_own)  # the recursive part comes last
        ]
        if node == root:
            found.insert(0, ROOT.format(table=table(node), ids=sql.Literal(list(ids))))
        parts.append(SQL("{} AS ({})").format(_name(graph, node.label), union(found)))
    return SQL("WITH RECURSIVE {}").format(SQL(", ").join(parts))


def count(graph: Graph, root: Node, ids: Sequence[UUID]) -> dict[str, int]:
    """How many rows of which model a delete of the rows `ids` of `root` would take; models with none are left out."""
    below = graph.below(root.label)
    counts = [SQL("(SELECT count(*) FROM {})").format(_name(graph, node.label)) for node in below]
    statement = SQL("{} SELECT {}").format(_doomed(graph, root, ids), SQL(", ").join(counts))
    (found,) = run(statement)
    return {node.label: number for node, number in zip(below, found, strict=True) if number}


def protectors(graph: Graph, root: Node, ids: Sequence[UUID]) -> list[Key]:
    """The keys by which rows that stay would forbid it."""
    below = graph.below(root.label)
    keys = [key for node in below for key in graph.referring(node.label, Rule.PROTECT, Rule.RESTRICT)]
    if not keys:
        return []
    checks = [
        STANDS.format(
            parent=_name(graph, key.parent),
            table=sql.Identifier(key.child_table),
            refers=refers(key, child="m", parent="p"),
            stays=_stays(graph, key, {node.label for node in below}),
        )
        for key in keys
    ]
    statement = SQL("{} SELECT {}").format(_doomed(graph, root, ids), SQL(", ").join(checks))
    (found,) = run(statement)
    return [key for key, stands in zip(keys, found, strict=True) if stands]


def _stays(graph: Graph, key: Key, below: set[str]) -> sql.Composable:
    if key.child not in graph.nodes:
        return SQL("true")
    live = SQL("m.deleted_at IS NULL")
    if key.rule is Rule.RESTRICT and key.child in below:
        return SQL("{} AND m.id NOT IN (SELECT id FROM {})").format(live, _name(graph, key.child))
    return live


def rows(graph: Graph, root: Node, ids: Sequence[UUID], model: type[models.Model]) -> models.QuerySet[Any]:
    """The rows of `model` that would go, as a queryset."""
    if label_of(model) not in {node.label for node in graph.below(root.label)}:
        return model._base_manager.none()
    statement = SQL("{} SELECT id FROM {}").format(_doomed(graph, root, ids), _name(graph, label_of(model)))
    return model._base_manager.filter(pk__in=RawSQL(statement.as_string(), ()))  # noqa: S611 - composed above
