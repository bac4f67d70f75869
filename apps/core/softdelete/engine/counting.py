"""What a deletion holds now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import sql

from apps.core.softdelete.engine.sqltext import SQL, run, table
from apps.core.softdelete.graph import Graph

SIZE = SQL("SELECT COALESCE(sum(GREATEST(reltuples, 0)), 0) FROM pg_class WHERE relname = ANY(%(tables)s)")
HELD = SQL("(SELECT count(*) FROM {table} WHERE deletion_id = {deletion})")


def held(graph: Graph, root: str, deletion: UUID) -> dict[str, int]:
    """How many rows of which model `deletion` holds: what it took, and what was handed over to it since."""
    below = graph.below(root)
    counts = [HELD.format(table=table(node), deletion=sql.Literal(deletion)) for node in below]
    (found,) = run(SQL("SELECT {}").format(SQL(", ").join(counts)))
    return {node.label: number for node, number in zip(below, found, strict=True) if number}


def rows_at_most(graph: Graph, root: str) -> int:
    """A generous guess at how many rows a delete of one row of `root` can take: all that its tables have.

    From PostgreSQL's statistics, so it costs the same for any number.
    """
    tables = [node.table for node in graph.below(root)]
    ((estimate,),) = run(SIZE, {"tables": tables})
    return int(estimate)


def rows_of(deletions: Sequence[UUID]) -> Callable[[type[models.Model]], models.QuerySet[Any]]:
    """The rows that `deletions` hold, asked for by model."""
    ids = list(deletions)
    return lambda model: model._base_manager.filter(deletion_id__in=ids)
