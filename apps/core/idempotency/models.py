"""One request that its sender has given a key."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core import clock
from apps.core.encryption import SealedField


class IdempotencyKey(models.Model):
    """A request under way, until `lease_until`; once that is None, a request that was done.

    `place` is a digest of all that a key is looked up by, since a key is the sender's text and may name somebody.
    `token` is that of the claim: who has lost it to another one can't settle the key any more. `answer` is None where
    the answer was too large to keep, or an erasure has withdrawn it. What was asked and answered may hold personal
    data and secrets: both are encrypted.
    """

    place = models.CharField(max_length=64, primary_key=True, editable=False)
    organization_id = models.UUIDField(null=True, editable=False)
    user_id = models.UUIDField(editable=False)
    route = models.CharField(max_length=200, editable=False)
    fingerprint = SealedField()
    token = models.UUIDField(editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    answer = SealedField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True) | Q(answer__isnull=True),
                name="idempotency_key_answered_once_done",
            ),
        ]
        indexes = [
            # those that are kept no longer
            models.Index(fields=["created_at"], name="idempotency_key_age"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.place[:8]}"
