"""Delete, restore, preview: what the rest of Podium calls."""

from apps.core.softdelete.services.deleting import delete_object, delete_rows
from apps.core.softdelete.services.planning import RestorePlan, plan_restore
from apps.core.softdelete.services.previewing import DeletionPreview, preview_deletion
from apps.core.softdelete.services.restoring import restore_deletion, restore_object

__all__ = [
    "DeletionPreview",
    "RestorePlan",
    "delete_object",
    "delete_rows",
    "plan_restore",
    "preview_deletion",
    "restore_deletion",
    "restore_object",
]
