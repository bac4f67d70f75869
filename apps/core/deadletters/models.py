"""One run of a task that failed for good."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core import clock
from apps.core.ids import new_id


class FailedTask(models.Model):
    """A task after its last attempt.

    `arguments` are ids and other plain words, never personal data; None where there was more than that, and then the
    task can't be sent again from here.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.CharField(max_length=100, editable=False)
    arguments = models.JSONField(null=True, editable=False)
    queue = models.CharField(max_length=30, editable=False)
    error_type = models.CharField(max_length=100, editable=False)
    error = models.CharField(max_length=500, blank=True, editable=False)
    retries = models.PositiveIntegerField(default=0, editable=False)
    run_id = models.CharField("run", max_length=64, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    actor_id = models.UUIDField(null=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    traceparent = models.CharField(max_length=64, blank=True, editable=False)
    failed_at = models.DateTimeField(default=clock.now, editable=False)
    replayed_at = models.DateTimeField(null=True, editable=False)
    replayed_by = models.UUIDField(null=True, editable=False)

    class Meta:
        constraints = [
            # Celery's processes tell of a hard time limit twice.
            models.UniqueConstraint(fields=["run_id"], name="failed_task_run_unique"),
        ]
        indexes = [
            # what nobody has sent again, for metrics, and the newest of them first
            models.Index(fields=["-failed_at"], name="failed_task_open", condition=Q(replayed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.task

    @property
    def can_be_replayed(self) -> bool:
        """Whether it waits for somebody to send it again."""
        return self.replayed_at is None and self.arguments is not None
