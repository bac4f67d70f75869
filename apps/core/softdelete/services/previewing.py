"""What a delete would take along, before anybody confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import models, transaction

from apps.core.correlation.context import current_actor_id
from apps.core.softdelete import hooks
from apps.core.softdelete.engine import previewing
from apps.core.softdelete.graph import Key
from apps.core.softdelete.hooks import Affected, Objection
from apps.core.softdelete.metadata import cascade_graph, label_of


@dataclass(frozen=True, slots=True)
class DeletionPreview:
    """Rows per model that go, keys that protect, apps' objections. Nothing stops it where both are empty."""

    counts: dict[str, int]
    protected_by: tuple[Key, ...]
    objections: tuple[Objection, ...]

    @property
    def total(self) -> int:
        """How many rows go."""
        return sum(self.counts.values())

    @property
    def is_possible(self) -> bool:
        """Whether the delete would go through."""
        return not self.protected_by and not self.objections


@transaction.atomic  # apps may lock what they look at
def preview_deletion(*, roots: models.QuerySet[models.Model] | models.Model) -> DeletionPreview:
    """Count what deleting `roots` (a row, or those of a queryset) would take, and ask what stands against it."""
    model, ids = _roots(roots)
    graph = cascade_graph()
    node = graph.nodes[label_of(model)]
    doomed = previewing.look(graph, node, ids)
    first = roots if isinstance(roots, models.Model) else roots.first()
    affected = Affected(
        root_model=node.label,
        root_ids=tuple(ids),
        organization_id=getattr(first, "organization_id", None),
        actor_id=current_actor_id(),
        rows_by_model=lambda wanted: previewing.rows(graph, node, doomed, wanted),
    )
    return DeletionPreview(
        counts=doomed.counts,
        protected_by=tuple(previewing.protectors(graph, doomed)),
        objections=tuple(objection for found in hooks.may_delete(affected) for objection in found),
    )


def _roots(roots: models.QuerySet[models.Model] | models.Model) -> tuple[type[models.Model], list[UUID]]:
    if isinstance(roots, models.Model):
        return type(roots), [roots.pk]
    return roots.model, list(roots.values_list("pk", flat=True))
