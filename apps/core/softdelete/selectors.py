"""Reads of the recycle bin."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.core.softdelete.engine.counting import held
from apps.core.softdelete.metadata import cascade_graph, model_of
from apps.core.softdelete.models import Deletion, DeletionState

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One row that a deletion holds."""

    id: UUID
    label: str


@dataclass(frozen=True, slots=True)
class HeldModel:
    """The rows of one model that a deletion holds; `rows` are the first of them."""

    model: str
    name: str
    count: int
    rows: tuple[HeldRow, ...]


def deletion_tree(deletion: Deletion) -> list[HeldModel]:
    """What a deletion holds now, model by model, parents first. Nothing once it was restored or purged."""
    if deletion.state not in {DeletionState.DELETED, DeletionState.PURGING}:
        return []
    return [
        HeldModel(label, name_of(label, count), count, _sample(label, deletion.pk))
        for label, count in held(cascade_graph(), deletion.root_model, deletion.pk).items()
    ]


def name_of(label: str, count: int) -> str:
    """What people call `count` rows of a model."""
    options = model_of(label)._meta
    return str(options.verbose_name if count == 1 else options.verbose_name_plural)


def _sample(label: str, deletion: UUID) -> tuple[HeldRow, ...]:
    rows = model_of(label)._base_manager.filter(deletion_id=deletion).order_by("pk")[:SAMPLE]
    return tuple(HeldRow(row.pk, str(row)) for row in rows)
