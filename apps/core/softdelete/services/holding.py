"""Legal hold: a deletion that must not be purged, whatever its age."""

from __future__ import annotations

from django.db import transaction

from apps.core.access import Access, Capability
from apps.core.errors import Forbidden
from apps.core.softdelete.errors import PurgeStarted
from apps.core.softdelete.models import Deletion, DeletionState


@transaction.atomic
def set_legal_hold(*, deletion: Deletion, access: Access, hold: bool) -> Deletion:
    """Put a deletion under legal hold, or end the hold. History says who did.

    Raises:
        Forbidden: the caller doesn't keep the recycle bin.
        PurgeStarted: there is nothing to hold any more.
    """
    if not access.allows(Capability.RECYCLE, deletion):
        raise Forbidden("An admin or owner decides about legal holds.")
    every = Deletion.of_all_organizations
    changed = every.filter(pk=deletion.pk, state=DeletionState.DELETED).update(legal_hold=hold)
    deletion.refresh_from_db(from_queryset=every.all())
    if not changed:
        raise PurgeStarted(f"There is nothing to hold: {deletion.get_state_display().lower()}.")
    return deletion
