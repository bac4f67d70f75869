"""Which values deleted rows can't have back: a live row holds them, or two of the rows want the same.

Two rows of one deletion may: one was deleted alone, another took its place and went with their parent, and then the
first one was handed over to the parent's deletion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from apps.core.softdelete.engine import staying
from apps.core.softdelete.graph import Graph
from apps.core.softdelete.metadata import label_of, model_of


@dataclass(frozen=True, slots=True)
class TakenValue:
    """A deleted row's value that another row has: a live one, or one that comes back with it."""

    model: str
    id: UUID
    field: str
    value: Any
    holder_id: UUID

    def as_data(self) -> dict[str, object]:
        """As JSON."""
        value = self.value if isinstance(self.value, str | int | None) else str(self.value)
        return {
            "model": self.model,
            "id": str(self.id),
            "field": self.field,
            "value": value,
            "holder_id": str(self.holder_id),
        }


def live_unique_constraints(model: type[models.Model]) -> list[models.UniqueConstraint]:
    """The unique constraints of a model that count live rows only."""
    return [
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is not None
    ]


def fields_of(constraint: models.UniqueConstraint) -> tuple[str, ...]:
    """The model's fields that a unique constraint compares."""
    if constraint.fields:
        return tuple(constraint.fields)
    expressions: Any = constraint.expressions
    return tuple(
        str(source.name)  # type: ignore[attr-defined]  # the stubs leave it out
        for expression in expressions
        for source in expression.flatten()
        if isinstance(source, F)
    )


def changeable_fields(model: type[models.Model]) -> tuple[str, ...]:
    """The fields that a restore may give new values: part of a unique constraint, and not a link to another row."""
    names = {name for constraint in live_unique_constraints(model) for name in fields_of(constraint)}
    return tuple(sorted(name for name in names if not model._meta.get_field(name).is_relation))


def find(graph: Graph, root: str, root_id: UUID, deletion: UUID) -> list[TakenValue]:
    """Every value that a row which comes back with `deletion` can't have.

    Of rows that want the same, the oldest keeps it and the others are named.
    """
    wants = [
        want
        for node in graph.below(root)
        for constraint in live_unique_constraints(model_of(node.label))
        for want in _wants(model_of(node.label), constraint, deletion)
    ]
    waiting = staying.among(graph, root, root_id, deletion, (row for want in wants for row in want.rows))
    return [value for want in wants for value in want.taken(waiting)]


@dataclass(frozen=True, slots=True)
class _Want:
    """Rows of a deletion, oldest first, that want one value back; `holder` is the live row that has it."""

    model: str
    field: str
    rows: dict[UUID, Any]  # what each has in that field: values that differ by case are the same to some constraints
    holder: UUID | None

    def taken(self, waiting: set[UUID]) -> list[TakenValue]:
        holder, found = self.holder, []
        for row, value in self.rows.items():
            if row in waiting:
                continue
            if holder is None:
                holder = row
            else:
                found.append(TakenValue(self.model, row, self.field, value, holder))
        return found


def _wants(model: type[models.Model], constraint: models.UniqueConstraint, deletion: UUID) -> Iterator[_Want]:
    """What live rows hold already, and what several rows want."""
    key = {
        f"key_{index}": F(part) if isinstance(part, str) else part
        for index, part in enumerate(constraint.fields or constraint.expressions)
    }
    names = fields_of(constraint)
    shown = next((name for name in reversed(names) if name in changeable_fields(model)), names[-1])
    every = model._base_manager.annotate(**key)
    live = every.filter(constraint.condition).filter(**{name: OuterRef(name) for name in key})
    rows = every.filter(_beside_living(constraint), deletion_id=deletion).order_by("pk")
    held = set()
    for pk, holder, value in (
        rows.annotate(holder=Subquery(live.values("pk")[:1]))
        .filter(holder__isnull=False)
        .values_list("pk", "holder", shown)
    ):
        held.add(pk)
        yield _Want(label_of(model), shown, {pk: value}, holder)
    same = rows.filter(**{f"{name}__isnull": False for name in key}).order_by().values(*key)
    twins = same.annotate(rows=ArrayAgg("pk", order_by="pk")).filter(rows__len__gt=1)
    groups = [ids for ids in twins.values_list("rows", flat=True) if held.isdisjoint(ids)]
    values = dict(rows.filter(pk__in=[pk for ids in groups for pk in ids]).values_list("pk", shown))
    for ids in groups:
        yield _Want(label_of(model), shown, {pk: values[pk] for pk in ids}, None)


def _beside_living(constraint: models.UniqueConstraint) -> Q:
    """What a constraint asks of a row besides that it is live: rows that don't fulfil it want nothing."""
    condition = constraint.condition or Q()
    others = [part for part in condition.children if part != ("deleted_at__isnull", True)]
    return Q(*others, _connector=condition.connector, _negated=condition.negated)
