"""Deleting: a root row and everything below it become one `Deletion`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import models, transaction

from apps.core import clock
from apps.core.correlation.context import current_actor_id, current_correlation_id
from apps.core.deadlocks import deadlocks_retried
from apps.core.ids import new_id
from apps.core.outbox.services import DomainEvent, emit_many
from apps.core.softdelete import hooks
from apps.core.softdelete.engine.counting import rows_of
from apps.core.softdelete.engine.sqltext import Doing, declared
from apps.core.softdelete.engine.taking import Counts, Stamp, protectors, take
from apps.core.softdelete.errors import AlreadyDeleted, Protected, Refused
from apps.core.softdelete.graph import Key
from apps.core.softdelete.hooks import Affected
from apps.core.softdelete.metadata import cascade_graph, label_of, model_of
from apps.core.softdelete.models import Deletion

DEFAULT_RETENTION_DAYS = 30
LABEL_LENGTH = 300


Progress = Callable[[int], None]


def delete_object(
    *, root: models.Model, reason: str = "", actor_id: UUID | None = None, progress: Progress | None = None
) -> Deletion:
    """Soft-delete `root` and everything that belongs to it.

    Args:
        root: a row of a soft-deleted model.
        actor_id: who deletes; by default the person on whose behalf the code runs.
        progress: told now and then how many rows are taken so far.

    Raises:
        AlreadyDeleted: somebody was quicker.
        Protected: live rows need it.
        Refused: an app objects.
    """
    deletions = _delete(type(root), [root], reason=reason, actor_id=actor_id, progress=progress)
    if not deletions:
        raise AlreadyDeleted
    return deletions[0]


@transaction.atomic
def delete_rows(
    queryset: models.QuerySet[models.Model], *, reason: str = "", actor_id: UUID | None = None
) -> tuple[int, dict[str, int]]:
    """Soft-delete every row of `queryset`, each as a `Deletion` of its own, in as many queries as one takes.

    Rows of several organizations are deleted one organization after the other, in one transaction.

    Returns:
        rows deleted, and how many of which model.

    Raises:
        Protected: live rows need one of them.
        Refused: an app objects to one of them.
    """
    of_organization: defaultdict[str, list[models.Model]] = defaultdict(list)
    for row in queryset:
        of_organization[str(getattr(row, "organization_id", ""))].append(row)
    counts: Counter[str] = Counter()
    for _, rows in sorted(of_organization.items()):
        for deletion in _delete(queryset.model, rows, reason=reason, actor_id=actor_id):
            counts.update(deletion.counts)
    return sum(counts.values()), dict(counts)


@deadlocks_retried
@transaction.atomic
def _delete(
    model: type[models.Model],
    roots: Sequence[models.Model],
    *,
    reason: str,
    actor_id: UUID | None,
    progress: Progress | None = None,
) -> list[Deletion]:
    if not roots:
        return []
    graph = cascade_graph()
    node = graph.nodes[label_of(model)]
    actor_id = actor_id or current_actor_id()
    organization_id: UUID | None = getattr(roots[0], "organization_id", None)
    ids = [root.pk for root in roots]
    stamp = Stamp(tuple(new_id() for _ in roots), clock.now(), actor_id)
    with declared(Doing.DELETING, stamp.deletions, organization_id):
        taken = take(graph, node, ids, stamp, progress)
        counts = taken.counts
        if not counts:
            return []
        done = [(root, d) for root, d in zip(roots, stamp.deletions, strict=True) if d in counts]
        affected = Affected(
            root_model=node.label,
            root_ids=tuple(root.pk for root, _ in done),
            organization_id=organization_id,
            actor_id=actor_id,
            rows_by_model=rows_of(list(counts)),
            deletions=tuple(counts),
        )
        _raise_if_protected(protectors(graph, taken))
        raise_objections([objection for found in hooks.may_delete(affected) for objection in found])
        hooks.rows_deleted(affected)
    return _record(done, counts, stamp, reason)


def _record(done: Sequence[tuple[models.Model, UUID]], counts: Counts, stamp: Stamp, reason: str) -> list[Deletion]:
    """Write the `Deletion` rows and say what has happened."""
    days: dict[UUID | None, int] = {}
    deletions = []
    for root, deletion_id in done:
        organization_id: UUID | None = getattr(root, "organization_id", None)
        if organization_id not in days:
            days[organization_id] = _retention_days(organization_id)
        deletions.append(
            Deletion(
                id=deletion_id,
                organization_id=organization_id,
                root_model=label_of(root),
                root_id=root.pk,
                root_label=str(root)[:LABEL_LENGTH],
                counts=dict(counts[deletion_id]),
                reason=reason,
                correlation_id=current_correlation_id(),
                deleted_by=stamp.by,
                created_at=stamp.at,
                expires_at=stamp.at + timedelta(days=days[organization_id]),
            )
        )
    Deletion.of_all_organizations.bulk_create(deletions)
    emit_many([event_of(deletion, "deleted") for deletion in deletions])
    return deletions


def _retention_days(organization_id: UUID | None) -> int:
    known = hooks.retention_days(organization_id) if organization_id else []
    return next((days for days in known if days is not None), DEFAULT_RETENTION_DAYS)


def event_of(deletion: Deletion, what: str) -> DomainEvent:
    """The domain event that tells what happened to a deletion, such as `event.deleted`."""
    name = deletion.root_model.partition(".")[2]
    return DomainEvent(
        type=f"{name}.{what}",
        subject=f"{name}/{deletion.root_id}",
        organization_id=deletion.organization_id,
        data={"id": str(deletion.root_id), "deletion": str(deletion.pk), "counts": deletion.counts},
    )


def raise_objections(objections: Sequence[hooks.Objection]) -> None:
    """Refuse when an app objects.

    Raises:
        Refused: with every objection.
    """
    if objections:
        detail = " ".join(objection.detail for objection in objections)
        raise Refused(detail, extra={"objections": [objection.as_data() for objection in objections]})


def protection_of(key: Key) -> dict[str, str]:
    """A key that protects, as JSON."""
    return {"model": key.child, "field": key.field, "of": key.parent}


def _raise_if_protected(keys: Sequence[Key]) -> None:
    if not keys:
        return
    names = ", ".join(sorted({str(model_of(key.child)._meta.verbose_name_plural) for key in keys}))
    raise Protected(
        f"Live {names} refer to this. Delete them first, or let them refer to something else.",
        extra={"protected_by": [protection_of(key) for key in keys]},
    )
