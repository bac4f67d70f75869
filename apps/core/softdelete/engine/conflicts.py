"""Which live rows hold the values that deleted rows want back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, OuterRef, Subquery

from apps.core.softdelete.graph import Graph
from apps.core.softdelete.metadata import label_of, model_of


@dataclass(frozen=True, slots=True)
class TakenValue:
    """A deleted row's value that a live row has now."""

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


def find(graph: Graph, root: str, deletion: UUID) -> list[TakenValue]:
    """Every value that a row of `deletion` can't have back now."""
    found: list[TakenValue] = []
    for node in graph.below(root):
        model = model_of(node.label)
        for constraint in live_unique_constraints(model):
            found += _taken(model, constraint, deletion)
    return found


def _taken(model: type[models.Model], constraint: models.UniqueConstraint, deletion: UUID) -> list[TakenValue]:
    expressions = {
        f"key_{index}": F(part) if isinstance(part, str) else part
        for index, part in enumerate(constraint.fields or constraint.expressions)
    }
    base = model._base_manager
    holders = (
        base.filter(constraint.condition)
        .annotate(**expressions)
        .filter(**{name: OuterRef(name) for name in expressions})
        .exclude(deletion_id=deletion)
    )
    names = fields_of(constraint)
    shown = next((name for name in reversed(names) if name in changeable_fields(model)), names[-1])
    rows = (
        base.filter(deletion_id=deletion)
        .annotate(**expressions, holder=Subquery(holders.values("pk")[:1]))
        .filter(holder__isnull=False)
        .order_by("pk")
        .values_list("pk", "holder", shown)
    )
    return [TakenValue(label_of(model), pk, shown, value, holder) for pk, holder, value in rows]
