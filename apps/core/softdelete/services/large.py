"""Deletes that take too long for a request: a job does them, still in one transaction."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from apps.core.jobs.models import Job
from apps.core.jobs.services import create_job
from apps.core.softdelete.engine import previewing
from apps.core.softdelete.engine.counting import rows_at_most
from apps.core.softdelete.errors import AlreadyDeleted
from apps.core.softdelete.metadata import cascade_graph, label_of, model_of
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services.deleting import Progress, delete_object

LARGE = 1_000_000
TASK = "core.delete_object"


def rows_of_large_delete(row: models.Model) -> int | None:
    """How many rows a delete of `row` would take; None where that is few enough to do it at once.

    Small tables answer that without being counted.
    """
    graph = cascade_graph()
    node = graph.nodes[label_of(row)]
    if rows_at_most(graph, node.label) <= LARGE:
        return None
    total = sum(previewing.look(graph, node, [row.pk]).counts.values())
    return total if total > LARGE else None


def request_large_delete(*, row: models.Model, rows: int, reason: str = "") -> Job:
    """Have a worker delete `row` and the `rows` rows that it takes along."""
    return create_job(
        kind="deletion",
        task=TASK,
        label=f"Delete {row._meta.verbose_name} {row}",
        parameters={"model": label_of(row), "id": str(row.pk), "rows": rows, "reason": reason},
        organization_id=getattr(row, "organization_id", None),
    )


def delete_by_job(*, model: str, row_id: UUID, reason: str, progress: Progress) -> Deletion:
    """What the worker does.

    Raises:
        AlreadyDeleted: somebody was quicker.
    """
    row = model_of(model)._base_manager.filter(pk=row_id, deleted_at__isnull=True).first()
    if row is None:
        raise AlreadyDeleted
    return delete_object(root=row, reason=reason, progress=progress)
