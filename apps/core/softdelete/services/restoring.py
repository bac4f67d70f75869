"""Restoring: a deletion's rows come back, exactly those, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction

from apps.core import clock
from apps.core.access import Access
from apps.core.correlation.context import current_actor_id
from apps.core.deadlocks import deadlocks_retried
from apps.core.errors import Forbidden
from apps.core.outbox.services import emit_many
from apps.core.softdelete import hooks
from apps.core.softdelete.engine import ancestors, conflicts, reviving
from apps.core.softdelete.engine.counting import rows_of
from apps.core.softdelete.engine.reviving import Locked
from apps.core.softdelete.engine.sqltext import Doing, declared
from apps.core.softdelete.errors import ParentDeleted, PurgeStarted, RestoreConflict
from apps.core.softdelete.hooks import Affected
from apps.core.softdelete.metadata import cascade_graph
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.policies import may_restore
from apps.core.softdelete.services.changes import Changes
from apps.core.softdelete.services.deleting import event_of, raise_objections
from apps.core.softdelete.services.planning import describe, require_plan


@dataclass(frozen=True, slots=True)
class Restore:
    """How to restore.

    `access` is None for the platform's own code, which may restore everything. `with_ancestors` restores what the
    root belongs to first. `plan` is the token of the plan that was looked at.
    """

    access: Access | None
    changes: Changes
    with_ancestors: bool
    plan: str
    actor_id: UUID | None


@deadlocks_retried
@transaction.atomic
def restore_deletion(
    *,
    deletion: Deletion,
    access: Access | None = None,
    changes: Mapping[str, Any] | None = None,
    with_ancestors: bool = False,
    plan: str = "",
    actor_id: UUID | None = None,
) -> Deletion:
    """Bring back precisely the rows that `deletion` holds. A deletion that was restored already stays as it is.

    Args:
        access: the caller; None for the platform's own code, which may restore everything.
        changes: new values for what collides, by field for the root row, or `{id: {field: value}}` for any row that
            comes back, its ancestors' included.
        with_ancestors: restore the deletions of what the root belongs to first.
        plan: the token of a plan; the restore then runs only if nothing changed since.

    Raises:
        PlanOutdated: something did.
        Forbidden: somebody else's delete, and the caller doesn't keep the recycle bin.
        ParentDeleted: what the root belongs to is deleted, and `with_ancestors` was not said.
        RestoreConflict: rows that are live, or come back too, hold values that must be unique.
        PurgeStarted: it is being purged, or gone.
        Refused: an app objects.
        Invalid: `changes` names a field that can't be changed here, or a bad value.
    """
    actor_id = actor_id or (access.user_id if access else None) or current_actor_id()
    given = Changes(deletion, changes or {})
    return _restore_chain(deletion, Restore(access, given, with_ancestors, plan, actor_id))


@transaction.atomic
def restore_object(
    *,
    row: models.Model,
    access: Access | None = None,
    changes: Mapping[str, Any] | None = None,
    with_ancestors: bool = False,
    plan: str = "",
) -> Deletion | None:
    """Restore the deletion that took `row` as its root.

    Returns:
        the deletion; None where the row is live, and nothing was to be done.

    Raises:
        ParentDeleted: the row went along with something else, and `with_ancestors` was not said.
        Others as `restore_deletion` does.
    """
    taken_by = getattr(row, "deletion_id", None)
    if taken_by is None:
        return None
    deletion = Deletion.of_all_organizations.get(pk=taken_by)
    if deletion.root_id != row.pk and not with_ancestors:
        raise _parent_deleted([deletion])
    restored = restore_deletion(
        deletion=deletion, access=access, changes=changes, with_ancestors=with_ancestors, plan=plan
    )
    while other := _holder(row):  # it went along with that one, and waits for something else too
        restore_deletion(deletion=other, access=access, with_ancestors=True)
    return restored


def _holder(row: models.Model) -> Deletion | None:
    """The deletion that holds a row now; None where it is live."""
    found = type(row)._base_manager.filter(pk=row.pk).values_list("deletion_id", flat=True).first()
    return Deletion.of_all_organizations.get(pk=found) if found else None


def _restore_chain(deletion: Deletion, how: Restore) -> Deletion:
    """Lock the deletion, and with `with_ancestors` those above it, and everything that they hold; then restore."""
    above = _deletions_above(deletion, every=True) if how.with_ancestors else []
    of_platform = any(each.organization_id is None for each in (deletion, *above))
    reviving.alone(None if of_platform else deletion.organization_id)
    ids = [deletion.pk, *(each.pk for each in above)]
    every = Deletion.of_all_organizations.select_for_update()
    chain = {each.pk: each for each in every.filter(pk__in=ids).order_by("pk")}
    deletion = chain[deletion.pk]
    _require_may_restore(deletion, how)
    if deletion.state == DeletionState.RESTORED:
        return deletion
    held = {each.pk: each.root_model for each in chain.values() if each.state == DeletionState.DELETED}
    locked = reviving.lock_rows(cascade_graph(), held)
    deletion = _restore(deletion, how, locked, frozenset(chain))
    how.changes.require_all_used()
    return deletion


def _restore(deletion: Deletion, how: Restore, locked: Locked, chain: frozenset[UUID]) -> Deletion:
    _require_may_restore(deletion, how)
    if deletion.state != DeletionState.DELETED:
        raise PurgeStarted("This deletion is being purged, or was: it can't come back.")
    if how.plan:
        require_plan(deletion=deletion, token=how.plan)
    _restore_ancestors(deletion, how, locked, chain)
    affected = _affected(deletion, how)
    raise_objections([objection for found in hooks.may_restore(affected) for objection in found])
    with declared(Doing.RESTORING, [deletion.pk], deletion.organization_id):
        how.changes.apply(deletion)
        afterwards = hooks.rows_restoring(affected)
        _revive(deletion, locked)
        hooks.call_all(afterwards, affected)
    return _record(deletion, how)


def _require_may_restore(deletion: Deletion, how: Restore) -> None:
    if how.access is not None and not may_restore(how.access, deletion):
        raise Forbidden("Somebody else deleted this: an admin or owner can restore it.")


def _affected(deletion: Deletion, how: Restore) -> Affected:
    return Affected(
        root_model=deletion.root_model,
        root_ids=(deletion.root_id,),
        organization_id=deletion.organization_id,
        actor_id=how.actor_id,
        rows_by_model=rows_of([deletion.pk]),
        deletions=(deletion.pk,),
    )


def _restore_ancestors(deletion: Deletion, how: Restore, locked: Locked, chain: frozenset[UUID]) -> None:
    """Restore what stands above, one deletion after the other: each may leave rows to the next."""
    while parents := _deletions_above(deletion):
        if not (how.with_ancestors and chain.issuperset(parent.pk for parent in parents)):
            raise _parent_deleted(parents)
        _restore(parents[0], replace(how, plan=""), locked, chain)


def _deletions_above(deletion: Deletion, *, every: bool = False) -> list[Deletion]:
    find = ancestors.all_deletions_above if every else ancestors.deletions_above
    ids = find(cascade_graph(), deletion.root_model, deletion.root_id)
    return list(Deletion.of_all_organizations.filter(pk__in=ids).order_by("pk")) if ids else []


def _parent_deleted(parents: Sequence[Deletion]) -> ParentDeleted:
    names = ", ".join(f"“{parent.root_label}”" for parent in parents)
    return ParentDeleted(
        f"It belongs to {names}, deleted too. Restore that first, or everything at once with with_ancestors.",
        extra={"deletions": [describe(parent) for parent in parents]},
    )


def _revive(deletion: Deletion, locked: Locked) -> None:
    graph = cascade_graph()
    try:
        with transaction.atomic():
            takers = reviving.revive(graph, deletion.root_model, deletion.pk, locked)
    except IntegrityError:
        taken = conflicts.find(graph, deletion.root_model, deletion.root_id, deletion.pk)
        if not taken:
            raise
        raise RestoreConflict(taken) from None
    if deletion.legal_hold:  # what waits for something else goes on being held
        Deletion.of_all_organizations.filter(pk__in=takers).update(legal_hold=True)


def _record(deletion: Deletion, how: Restore) -> Deletion:
    Deletion.of_all_organizations.filter(pk=deletion.pk).update(
        state=DeletionState.RESTORED, restored_at=clock.now(), restored_by=how.actor_id
    )
    deletion.refresh_from_db(from_queryset=Deletion.of_all_organizations.all())
    emit_many([event_of(deletion, "restored")])
    return deletion
