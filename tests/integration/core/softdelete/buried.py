"""A house in which something of everything was deleted."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.contests.models import Contest
from apps.core import clock
from apps.core.audit.models import AuditRecord
from apps.core.jobs.models import Job
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object
from apps.core.softdelete.services.purging import purge_due
from apps.core.tenancy import platform_scope
from tests.integration.core.house import House
from tests.routes import operations

# These are about what was deleted and what happened to it, for those who may know.
TELLS_OF_DELETED = (Deletion, AuditRecord, Job, OutboxMessage)
HISTORY = {"GET contests:history-changes"}  # what has been deleted is part of it
OF_THE_CODE = {"GET schema", "GET docs", "GET redoc"}
GETS = [operation for operation in operations() if operation.method == "GET" and str(operation) not in OF_THE_CODE]
READS = [
    operation
    for operation in GETS
    if getattr(operation.route.view, "model", None) not in TELLS_OF_DELETED and str(operation) not in HISTORY
]
# These are the person's own: they can't be deleted and go on reading.
STAYS = (Organization, User, Membership, TokenFamily)
Gone = dict[str, type[models.Model]]
"""The ids of what was deleted, and of which model each is."""


def is_soft(model: Any) -> bool:
    """Whether a view's model has rows that can be deleted."""
    return isinstance(model, type) and issubclass(model, SoftDeletedModel)


def bury(house: House) -> Gone:
    """A second row of every soft-deleted model of the house, deleted; of contests, one that everybody might see."""
    wanted = [model for model in house.models() if is_soft(model) and model not in STAYS]
    rows = [house.another(model) for model in wanted]
    with platform_scope("a test deletes something of everything"):
        Contest.objects.filter(pk__in=[row.pk for row in rows]).update(visibility="public")
        for row in rows:
            if type(row)._default_manager.filter(pk=row.pk).exists():
                delete_object(root=row)
    return {str(row.pk): type(row) for row in rows}


def purge_everything() -> None:
    """Every bin is empty afterwards."""
    with platform_scope("a test empties every bin"):
        Deletion.objects.filter(state=DeletionState.DELETED).update(expires_at=clock.now())
        purge_due(limit=1000)
        assert not Deletion.objects.filter(state=DeletionState.DELETED).exists()
