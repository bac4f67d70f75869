"""Purging: what nobody restored in time goes for good, resumable after a kill at any point."""

from __future__ import annotations

from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from apps.core import clock
from apps.core.access import Access, Capability
from apps.core.deadlocks import deadlocks_retried
from apps.core.errors import FieldError, Forbidden, Invalid
from apps.core.outbox.services import emit_many
from apps.core.queue import enqueue_on_commit
from apps.core.softdelete import hooks
from apps.core.softdelete.engine import removing, reviving
from apps.core.softdelete.engine.counting import rows_of
from apps.core.softdelete.engine.sqltext import Doing, declared
from apps.core.softdelete.errors import OnHold, PurgeStarted
from apps.core.softdelete.hooks import Affected, Objection
from apps.core.softdelete.metadata import cascade_graph, model_of
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services.deleting import event_of, raise_objections

log = structlog.get_logger("podium.purge")

BATCH = 1000
PURGE_TASK = "core.purge_deletion"


def purge_due(*, limit: int = 100) -> int:
    """Purge what has expired, and finish what a killed worker has begun.

    One that fails keeps none of the others: what it raised is raised once they are done.

    Returns:
        how many deletions are gone now.
    """
    purged, failures = 0, []
    for deletion_id in due(limit=limit):
        try:
            if claim(deletion_id=deletion_id):
                purged += purge_claimed(deletion_id=deletion_id)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("purge failed", deletion=str(deletion_id))
            failures.append(error)
    if failures:
        raise failures[0]
    return purged


def due(*, limit: int) -> list[UUID]:
    """Deletions whose purge has begun, and then those that have expired, the oldest first."""
    every = Deletion.of_all_organizations
    begun = every.filter(state=DeletionState.PURGING).order_by("created_at")
    expired = every.filter(state=DeletionState.DELETED, legal_hold=False, expires_at__lte=clock.now())
    ids = [
        *begun.values_list("pk", flat=True)[:limit],
        *expired.order_by("expires_at").values_list("pk", flat=True)[:limit],
    ]
    return ids[:limit]


@deadlocks_retried
@transaction.atomic
def claim(*, deletion_id: UUID) -> bool:
    """Take an expired deletion for purging; from then on it can't be restored.

    Returns:
        whether it is to be purged: not where it was restored, is on hold, or an app objects.
    """
    deletion = _locked(deletion_id)
    if deletion is None or deletion.state == DeletionState.PURGING:
        return deletion is not None
    is_due = deletion.expires_at is not None and deletion.expires_at <= clock.now()
    if deletion.state != DeletionState.DELETED or deletion.legal_hold or not is_due:
        return False
    if objections := _objections(deletion):
        log.info("purge postponed", deletion=str(deletion_id), objections=[o.code for o in objections])
        return False
    _begin(deletion)
    return True


@deadlocks_retried
@transaction.atomic
def purge_by_hand(*, deletion: Deletion, access: Access, label: str) -> Deletion:
    """Begin to purge a deletion before its time; a worker does the rest.

    Args:
        label: the object's label, typed back.

    Raises:
        Forbidden: not an owner.
        Invalid: the label is another.
        PurgeStarted: it was restored or purged meanwhile.
        OnHold: it is under legal hold.
        Refused: an app objects.
    """
    if not access.allows(Capability.PURGE, deletion):
        raise Forbidden("An owner purges.")
    deletion = _locked(deletion.pk) or deletion
    if label != deletion.root_label:
        detail = "Type the label of what is to be purged."
        raise Invalid(detail, errors=[FieldError("#/label", "LABEL_MISMATCH", detail)])
    if deletion.state != DeletionState.DELETED:
        raise PurgeStarted(f"There is nothing to purge: {deletion.get_state_display().lower()}.")
    if deletion.legal_hold:
        raise OnHold("This deletion is under legal hold.")
    raise_objections(_objections(deletion))
    _begin(deletion)
    enqueue_on_commit(PURGE_TASK, deletion.pk)
    deletion.refresh_from_db(from_queryset=Deletion.of_all_organizations.all())
    return deletion


def purge_claimed(*, deletion_id: UUID, batch: int = BATCH) -> bool:
    """Remove the rows of a claimed deletion, batch by batch, each in a transaction of its own.

    Returns:
        whether all is gone; not where another worker is at it.
    """
    while (is_gone := _purge_batch(deletion_id, batch)) is False:
        pass
    return bool(is_gone)


@deadlocks_retried
@transaction.atomic
def _purge_batch(deletion_id: UUID, batch: int) -> bool | None:
    """Remove the next rows; whether that was all. None where there is nothing to do for us."""
    deletion = Deletion.of_all_organizations.filter(pk=deletion_id, state=DeletionState.PURGING).first()
    if deletion is None or removing.is_busy(deletion_id):
        return None
    if _remove_batch(deletion, batch):
        return False
    _finish(deletion)
    return True


def _locked(deletion_id: UUID) -> Deletion | None:
    """The deletion, once no restore is under way that could need it or what is below it."""
    every = Deletion.of_all_organizations
    found = every.filter(pk=deletion_id).first()
    if found is None:
        return None
    reviving.alone(found.organization_id)
    return every.select_for_update().get(pk=deletion_id)


def _objections(deletion: Deletion) -> list[Objection]:
    """What stands against a purge: holds on deletions below, and what apps say."""
    below = removing.deletions_below(cascade_graph(), deletion.root_model, deletion.pk)
    # locked, so that no hold on one of them is promised between this look and the claim
    others = Deletion.of_all_organizations.select_for_update().filter(pk__in=below).order_by("pk")
    found = [
        Objection(
            "LEGAL_HOLD", f"“{other.root_label}”, below it, is under legal hold.", other.root_model, (other.root_id,)
        )
        for other in others
        if other.legal_hold
    ]
    affected = Affected(
        root_model=deletion.root_model,
        root_ids=(deletion.root_id,),
        organization_id=deletion.organization_id,
        actor_id=None,
        rows_by_model=rows_of([deletion.pk, *below]),
        deletions=(deletion.pk, *below),
    )
    return found + [objection for answer in hooks.may_purge(affected) for objection in answer]


def _begin(deletion: Deletion) -> None:
    """Claim it, together with the deletions below, whose rows can't outlive it."""
    graph = cascade_graph()
    below = removing.deletions_below(graph, deletion.root_model, deletion.pk)
    with declared(Doing.PURGING, [deletion.pk], deletion.organization_id):
        removing.absorb(graph, deletion.root_model, deletion.pk)
    every = Deletion.of_all_organizations
    every.filter(pk__in=[other.pk for other in every.filter(pk__in=below) if not _holds_its_root(other)]).update(
        state=DeletionState.PURGED, purged_at=clock.now()
    )
    every.filter(pk=deletion.pk).update(state=DeletionState.PURGING)


def _holds_its_root(deletion: Deletion) -> bool:
    root = model_of(deletion.root_model)._base_manager
    return root.filter(pk=deletion.root_id, deletion_id=deletion.pk).exists()


def _remove_batch(deletion: Deletion, size: int) -> bool:
    graph = cascade_graph()
    found = removing.next_batch(graph, deletion.root_model, deletion.pk, size)
    if found is None:
        return False
    node, ids = found
    affected = Affected(
        root_model=deletion.root_model,
        root_ids=(deletion.root_id,),
        organization_id=deletion.organization_id,
        actor_id=None,
        rows_by_model=lambda model: removing.rows_in(model, node, ids),
        deletions=(deletion.pk,),
    )
    with declared(Doing.PURGING, [deletion.pk], deletion.organization_id):
        afterwards = hooks.rows_purging(affected)
        removing.remove(graph, node, ids)
        hooks.call_all(afterwards, affected)
    return True


def _finish(deletion: Deletion) -> None:
    Deletion.of_all_organizations.filter(pk=deletion.pk, state=DeletionState.PURGING).update(
        state=DeletionState.PURGED, purged_at=clock.now()
    )
    emit_many([event_of(deletion, "purged")])
    log.info("purged", deletion=str(deletion.pk), rows=sum(deletion.counts.values()))
