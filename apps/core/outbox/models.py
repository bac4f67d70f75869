"""What has happened, waiting to be told: written in the transaction that made it happen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q

from apps.core import clock
from apps.core.ids import new_id
from apps.core.outbox.numbering import CurrentTransaction, NumberedAtCommit

# Relays share the subjects between them by shard: at any moment a shard is one relay's.
SHARDS = 64
WAITING = Q(published_at__isnull=True, parked_at__isnull=True)


class MessageState(models.TextChoices):
    """Where a message is on its way."""

    WAITING = "waiting", "Waiting"
    RETRYING = "retrying", "To be tried again"
    PARKED = "parked", "Given up"
    PUBLISHED = "published", "Published"


STATES = {
    MessageState.WAITING: WAITING & Q(retry_at__isnull=True),
    MessageState.RETRYING: WAITING & Q(retry_at__isnull=False),
    MessageState.PARKED: Q(published_at__isnull=True, parked_at__isnull=False),
    MessageState.PUBLISHED: Q(published_at__isnull=False),
}


class OutboxSubject(models.Model):
    """How many messages a subject has had. Its row is what makes commits of one subject wait for each other."""

    subject = models.CharField(max_length=200, primary_key=True, editable=False)
    last = models.BigIntegerField(editable=False)

    def __str__(self) -> str:
        return self.subject


class OutboxMessage(models.Model):
    """One domain event as CloudEvents 1.0 data.

    `sequence` counts a subject's messages from 1, without gaps, and `position` all messages, with gaps: both in the
    order of the commits, and both None until then. `organization_id` is None for events of the platform itself.
    Delivery is at least once; consumers are idempotent by `id`.

    A message that no consumer could take `attempts` times waits until `retry_at`, and everything of its subject
    behind it; after the last attempt it is parked, a dead letter that an operator looks at, and the subject goes on.
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
    written_in = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    sequence = models.BigIntegerField(null=True, editable=False)
    position = models.BigIntegerField(null=True, editable=False)
    shard = models.GeneratedField(
        expression=Func(F("subject"), function="hashtext", output_field=models.IntegerField()).bitand(SHARDS - 1),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    published_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    parked_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        indexes = [
            # the relay's queue
            models.Index(fields=["shard", "position"], name="outbox_waiting", condition=WAITING),
            # the relay's question which subjects have to wait
            models.Index(fields=["subject"], name="outbox_retrying", condition=WAITING & Q(retry_at__isnull=False)),
            # a commit's question which messages are its own; led by the transaction, since every message was in it
            models.Index(fields=["written_in"], name="outbox_unnumbered", condition=Q(sequence__isnull=True)),
            # dead letters, newest first
            models.Index(fields=["-parked_at"], name="outbox_parked", condition=Q(parked_at__isnull=False)),
            # what is old enough to be removed
            models.Index(fields=["published_at"], name="outbox_published", condition=Q(published_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["subject", "sequence"], name="outbox_sequence_unique"),
            NumberedAtCommit(subjects="core_outboxsubject", name="outbox_numbered_at_commit"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"

    @property
    def state(self) -> MessageState:
        """Where it is on its way."""
        if self.published_at is not None:
            return MessageState.PUBLISHED
        if self.parked_at is not None:
            return MessageState.PARKED
        return MessageState.WAITING if self.retry_at is None else MessageState.RETRYING
