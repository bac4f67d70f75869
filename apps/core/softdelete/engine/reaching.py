"""What belongs to rows that go: the live rows below them, found a model at a time.

They are found by the ids of their parents, not by a join with them. The planner knows nothing of rows that were
marked or inserted a moment ago; where its statistics are of a time when everything was deleted, it takes both sides
of a join for a row or two and compares each with each. With ids given, the worst that it can choose is one look at
every live row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from psycopg import sql

from apps.core.softdelete.engine.sqltext import LIVE, SQL, Composable, column, is_of_type, run, table, unless_it_stays
from apps.core.softdelete.graph import HARD, Graph, Key, Node, Rule

Rows = dict[str, list[UUID]]  # ids by model

REACHED = SQL("({column} = ANY({ids}::uuid[]{cast}){of_type}{unless})")
FOUND = SQL("SELECT {what} FROM {table} m WHERE {reached} AND {live}")
STANDS = SQL("EXISTS (SELECT 1 FROM {table} m WHERE {reached} AND {stays})")


def reached(keys: Sequence[Key]) -> sql.Composed:
    """The condition that the row called `m` belongs by one of `keys` to rows that go: those of `parents`."""
    conditions = [
        REACHED.format(
            column=column(key, "m"),
            ids=sql.Placeholder(_name(key)),
            cast=SQL("::text[]" if key.as_text else ""),
            of_type=SQL(" AND {}").format(is_of_type(key, "m")) if key.type_column else SQL(""),
            unless=unless_it_stays(key, "m"),
        )
        for key in keys
    ]
    return SQL("({})").format(SQL(" OR ").join(conditions))


def parents(keys: Sequence[Key], rows: Rows) -> dict[str, object]:
    """The parameters of `reached`, where `rows` go."""
    return {_name(key): rows[key.parent] for key in keys}


def _name(key: Key) -> str:
    return f"{key.parent} that go"


def has_children(graph: Graph, node: Node) -> bool:
    """Whether rows that go with it, or forbid that it goes, may refer to a row of this model."""
    return bool(graph.referring(node.label, *HARD))


def found(node: Node, keys: Sequence[Key], what: str = "m.id") -> sql.Composed:
    """The statement that selects `what` of the live rows that are reached."""
    return FOUND.format(what=SQL(what), table=table(node), reached=reached(keys), live=LIVE)


def below(node: Node, keys: Sequence[Key], rows: Rows) -> list[UUID]:
    """The live rows of `node` that belong by one of `keys` to rows that go."""
    return [row_id for (row_id,) in run(found(node, keys), parents(keys, rows))]


def own_tree(node: Node, own: Sequence[Key], ids: Sequence[UUID]) -> list[UUID]:
    """The rows `ids` of `node` and all live ones below them by `own`, the model's keys to itself."""
    tree = dict.fromkeys(ids)
    level = list(tree)
    while own and level:
        level = [row_id for row_id in below(node, own, {node.label: level}) if row_id not in tree]
        tree.update(dict.fromkeys(level))
    return list(tree)


def protectors(
    graph: Graph, rows: Rows, stays: Callable[[Key], Composable], parameters: Mapping[str, object]
) -> list[Key]:
    """The keys by which other rows forbid that `rows` go.

    Args:
        stays: the condition on a row called `m` that refers to one of them by this key; its `parameters`.
    """
    keys = [key for label, ids in rows.items() if ids for key in graph.referring(label, Rule.PROTECT, Rule.RESTRICT)]
    if not keys:
        return []
    checks = [
        STANDS.format(table=sql.Identifier(key.child_table), reached=reached([key]), stays=stays(key)) for key in keys
    ]
    (stands,) = run(SQL("SELECT {}").format(SQL(", ").join(checks)), {**parameters, **parents(keys, rows)})
    return [key for key, it_stands in zip(keys, stands, strict=True) if it_stands]
