"""The models of `apps.core`, gathered where Django looks for them."""

from apps.core.audit.models import AuditAction, AuditRecord
from apps.core.deadletters.models import FailedTask
from apps.core.idempotency.models import IdempotencyKey
from apps.core.jobs.models import Job, JobState
from apps.core.outbox.models import OutboxMessage, OutboxSubject
from apps.core.softdelete.models import Deletion, DeletionState

__all__ = [
    "AuditAction",
    "AuditRecord",
    "Deletion",
    "DeletionState",
    "FailedTask",
    "IdempotencyKey",
    "Job",
    "JobState",
    "OutboxMessage",
    "OutboxSubject",
]
