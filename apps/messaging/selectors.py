"""Reads of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from apps.core import clock
from apps.core.access import Access
from apps.core.outbox.models import WAITING, OutboxMessage


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """How the outbox stands. `oldest_seconds` is the age of the oldest waiting message, 0 where none waits."""

    waiting: int
    oldest_seconds: float
    retrying: int
    parked: int


def due_messages(now: datetime) -> QuerySet[OutboxMessage]:
    """Committed messages whose turn it is, in the order of their commits.

    Where a message of a subject waits for its next attempt, those behind it wait too.
    """
    held_up = OutboxMessage.objects.filter(WAITING, retry_at__gt=now).values("subject")
    committed = OutboxMessage.objects.filter(WAITING, sequence__isnull=False)
    return committed.exclude(subject__in=held_up).order_by("position")


def due_shards(now: datetime) -> Sequence[int]:
    """The shards that have due messages."""
    return list(due_messages(now).order_by().values_list("shard", flat=True).distinct())


def visible_messages(access: Access) -> QuerySet[OutboxMessage]:
    """Those of the organization that the operator acts in, or all of them; the newest first."""
    messages = OutboxMessage.objects.order_by("-id")
    organization_id = access.organization_id
    return messages if organization_id is None else messages.filter(organization_id=organization_id)


def outbox_figures() -> OutboxFigures:
    """What health, metrics and operators look at."""
    found = OutboxMessage.objects.filter(published_at__isnull=True).aggregate(
        waiting=Count("id", filter=WAITING),
        oldest=Min("created_at", filter=WAITING),
        retrying=Count("id", filter=WAITING & Q(retry_at__isnull=False)),
        parked=Count("id", filter=Q(parked_at__isnull=False)),
    )
    oldest = found["oldest"]
    age = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
    return OutboxFigures(found["waiting"], age, found["retrying"], found["parked"])
