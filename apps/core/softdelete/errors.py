"""What can stand against a delete, a restore or a purge."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.errors import Conflict, Gone, NotFound
from apps.core.softdelete.engine.conflicts import TakenValue


class DeletedRow(Gone):
    """A deleted row was saved. django-safedelete would bring it back to life; Podium refuses."""

    code = "DELETED"
    title = "This was deleted"


class AlreadyDeleted(NotFound):
    """Somebody deleted it first; it looks like anything that isn't there."""


class Protected(Conflict):
    """Live rows refer to it by a key that protects it; `protected_by` names them."""

    code = "PROTECTED"
    title = "Something that stays needs it"


class Refused(Conflict):
    """An app objects, for example because a certified contest is below; `objections` says each."""

    code = "REFUSED"
    title = "Not while this is so"


class RestoreConflict(Conflict):
    """Other rows hold values that the deleted ones had; `conflicts` names each, `changes` can solve them."""

    code = "RESTORE_CONFLICT"
    title = "Somebody took its place"

    def __init__(self, conflicts: Sequence[TakenValue]) -> None:
        self.conflicts = tuple(conflicts)
        detail = "Other rows hold values that these had. Give new ones, and try again."
        super().__init__(detail, extra={"conflicts": [value.as_data() for value in conflicts]})


class ParentDeleted(Conflict):
    """What it belongs to is deleted too; `deletions` names the deletions to restore, or `with_ancestors` does."""

    code = "PARENT_DELETED"
    title = "What it belongs to is deleted"


class PurgeStarted(Conflict):
    """It is being purged, or gone for good."""

    code = "PURGED"
    title = "It is too late to restore it"


class OnHold(Conflict):
    """A legal hold keeps it from being purged."""

    code = "LEGAL_HOLD"
    title = "Under legal hold"
