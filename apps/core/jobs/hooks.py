"""What other apps may want to know about jobs."""

from __future__ import annotations

from apps.core.hooks import Hook
from apps.core.jobs.models import Job

job_finished: Hook[[Job], None] = Hook(
    "job_finished",
    "A job has reached its last state, whichever: called in the transaction that records it.",
)
