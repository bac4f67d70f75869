"""What has happened, waiting to be told: written in the transaction that made it happen."""

from __future__ import annotations

from django.db import models

from apps.core import clock
from apps.core.ids import new_id


class OutboxMessage(models.Model):
    """One domain event as CloudEvents 1.0 data, in order of `id` within its `subject`.

    `organization_id` is None for events of the platform itself. Delivery is at least once; consumers are idempotent
    by `id`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    type = models.CharField(max_length=100, editable=False)
    subject = models.CharField(max_length=200, editable=False)
    data = models.JSONField(default=dict, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    traceparent = models.CharField(max_length=64, blank=True, editable=False)
    actor_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes = [
            # the relay's queue
            models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(published_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"
