"""Who may undo a delete."""

from __future__ import annotations

from apps.core.access import Access, Capability
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.models import Deletion


def may_restore(access: Access, deletion: Deletion) -> bool:
    """Who keeps the recycle bin may restore everything; who may delete such a thing, what they deleted themselves."""
    if access.allows(Capability.RECYCLE, deletion):
        return True
    is_own = access.user_id is not None and deletion.deleted_by == access.user_id
    return is_own and access.allows(deletion_capability(deletion.root_model), deletion)


def deletion_capability(label: str) -> Capability:
    """What a role needs to delete rows of a model."""
    capability: Capability = getattr(model_of(label), "deletion_capability", Capability.ORGANIZE)
    return capability
