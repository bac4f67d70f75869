"""Reads of the recycle bin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models

from apps.core.audit.models import AuditRecord
from apps.core.softdelete.engine import removing
from apps.core.softdelete.engine.counting import held
from apps.core.softdelete.metadata import cascade_graph, label_of, model_of
from apps.core.softdelete.models import Deletion, DeletionState

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One row that a deletion holds."""

    id: UUID
    label: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened to a row; `changes` lists (column, old, new)."""

    action: str
    at: datetime
    by: str
    correlation_id: str
    changes: tuple[tuple[str, object, object], ...]


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


def deletions_below(deletion: Deletion) -> list[Deletion]:
    """Other deletions that hold rows below those of `deletion`, oldest first: a purge takes these along."""
    below = removing.deletions_below(cascade_graph(), deletion.root_model, deletion.pk)
    return list(Deletion.of_all_organizations.filter(pk__in=below).order_by("pk"))


def history_of(row: models.Model, *, limit: int = 200) -> list[HistoryLine]:
    """What happened to a row, newest first: to itself, and by the deletions that took it and gave it back."""
    own = AuditRecord.of_all_organizations.filter(row_id=row.pk)
    deletions = Deletion.of_all_organizations.filter(root_model=label_of(row), root_id=row.pk).values("pk")
    cascades = AuditRecord.of_all_organizations.filter(
        deletion_id__in=deletions, model=label_of(row), row_id__isnull=True
    )
    records = sorted([*own.order_by("-id")[:limit], *cascades.order_by("-id")[:limit]], key=lambda r: -r.pk)[:limit]
    people = get_user_model()._base_manager.in_bulk({r.actor_id for r in records if r.actor_id})
    return [
        HistoryLine(
            action=record.get_action_display(),
            at=record.at,
            by=str(people.get(record.actor_id) or record.actor_id or record.database_user),
            correlation_id=record.correlation_id or "",
            changes=_changes(record),
        )
        for record in records
    ]


def _changes(record: AuditRecord) -> tuple[tuple[str, object, object], ...]:
    old, new = record.old or {}, record.new or {}
    return tuple((name, old.get(name), new.get(name)) for name in sorted({*old, *new}))


def name_of(label: str, count: int) -> str:
    """What people call `count` rows of a model."""
    options = model_of(label)._meta
    return str(options.verbose_name if count == 1 else options.verbose_name_plural)


def _sample(label: str, deletion: UUID) -> tuple[HeldRow, ...]:
    rows = model_of(label)._base_manager.filter(deletion_id=deletion).order_by("pk")[:SAMPLE]
    return tuple(HeldRow(row.pk, str(row)) for row in rows)
