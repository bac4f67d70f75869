"""A process that deletes, restores or purges, to be killed: `python -m tests.e2e.softdelete.worker WHAT ID`."""

from __future__ import annotations

import os
import sys
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")


def main(what: str, row_id: str) -> None:
    """Do one thing."""
    django.setup()
    from apps.core.softdelete.models import Deletion  # noqa: PLC0415 - Django first
    from apps.core.softdelete.services import delete_object, restore_deletion  # noqa: PLC0415
    from apps.core.softdelete.services.purging import claim, purge_claimed  # noqa: PLC0415
    from apps.core.tenancy import platform_scope  # noqa: PLC0415
    from tests.zoo.models import Tree  # noqa: PLC0415

    with platform_scope("a worker in a test"):
        if what == "delete":
            delete_object(root=Tree.objects.get(pk=row_id))
        elif what == "restore":
            restore_deletion(deletion=Deletion.objects.get(pk=row_id))
        elif what == "purge":
            claim(deletion_id=UUID(row_id))
            purge_claimed(deletion_id=UUID(row_id), batch=200)


if __name__ == "__main__":
    main(*sys.argv[1:])
