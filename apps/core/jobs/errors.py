"""What can go wrong with a job as a job, whatever its work is."""

from __future__ import annotations

from apps.core.errors import Conflict, RetryableError, TimedOut


class JobFinished(Conflict):
    """The job has ended, so that there is nothing left to cancel."""

    code = "JOB_FINISHED"
    title = "This job has ended"


class JobAbandoned(RetryableError):
    """Each worker that took the job up went away without finishing it."""

    code = "JOB_ABANDONED"
    title = "The job was given up"


class JobTookTooLong(TimedOut):
    """The work did not end within the worker's time limit."""

    code = "JOB_TIMEOUT"
    title = "The job took too long"


class JobCancelled(Exception):
    """Somebody asked for the job to stop: the work is rolled back. Not an error that anybody is told about."""


class LeaseLost(Exception):
    """The job is another worker's by now. Whatever this one has done is rolled back, and nothing is recorded."""
