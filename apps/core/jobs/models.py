"""Long work that somebody waits for: its state, progress and result."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core import clock
from apps.core.ids import new_id
from apps.core.versions import OrganizationManager, VersionedQuerySet


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Job(models.Model):
    """One piece of long work, held by at most one worker at a time through a lease.

    `lease_until` is when the worker that runs it must have shown itself again: a job whose lease has run out is
    enqueued again by the sweeper, `max_attempts` times at most. `problem` is an RFC 9457 document.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    kind = models.CharField(max_length=60, editable=False)
    task = models.CharField(max_length=100, editable=False)
    queue = models.CharField(max_length=30, default="default", editable=False)
    label = models.CharField(max_length=200, editable=False)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED, editable=False)
    parameters = models.JSONField(default=dict, editable=False)
    progress = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(null=True, editable=False)
    message = models.CharField(max_length=300, blank=True, editable=False)
    result = models.JSONField(null=True, editable=False)
    problem = models.JSONField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    max_attempts = models.PositiveSmallIntegerField(default=3, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    created_by = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OrganizationManager()
    of_all_organizations = models.Manager.from_queryset(VersionedQuerySet)()

    class Meta:
        indexes = [
            # the list of an organization's jobs, newest first
            models.Index(fields=["organization_id", "-created_at", "-id"], name="job_list"),
            # the sweeper's search for work that nobody holds
            models.Index(fields=["lease_until"], name="job_unfinished", condition=Q(state__in=["queued", "running"])),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    @property
    def percent(self) -> int | None:
        """Progress from 0 to 100, None while the total is not known."""
        return min(100, self.progress * 100 // self.total) if self.total else None
