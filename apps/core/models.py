"""The models of `apps.core`, gathered where Django looks for them."""

from apps.core.jobs.models import Job, JobState
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.models import Deletion, DeletionState

__all__ = ["Deletion", "DeletionState", "Job", "JobState", "OutboxMessage"]
