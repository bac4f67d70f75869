"""What the next days will purge, and what is held back from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from apps.core import clock
from apps.core.softdelete.engine import removing
from apps.core.softdelete.metadata import cascade_graph
from apps.core.softdelete.models import Deletion, DeletionState


@dataclass(slots=True)
class Day:
    """What expires on one day (UTC)."""

    date: date
    deletions: int = 0
    rows: int = 0


@dataclass(slots=True)
class Forecast:
    """`overdue` has expired and waits for the next sweep, or an app objects to its purge.

    `held` is under legal hold, and `kept` stays with it, since something below it is.
    """

    days: list[Day] = field(default_factory=list)
    overdue: int = 0
    held: list[Deletion] = field(default_factory=list)
    kept: list[Deletion] = field(default_factory=list)


def forecast_purges(*, days: int = 30) -> Forecast:
    """The purges of the next `days` days, in the organization in scope."""
    now = clock.now()
    until = now + timedelta(days=days)
    in_bin = Deletion.objects.filter(state=DeletionState.DELETED)
    due = in_bin.filter(expires_at__lt=until).order_by("expires_at", "pk")
    found = list(due.only("expires_at", "counts", "legal_hold", "root_label", "root_model", "created_at"))
    holds = in_bin.filter(legal_hold=True).values_list("pk", flat=True)
    above = set(removing.deletions_kept_by(cascade_graph(), list(holds)))
    free = [deletion for deletion in found if not deletion.legal_hold and deletion.pk not in above]
    return Forecast(
        days=_by_day(deletion for deletion in free if deletion.expires_at and deletion.expires_at > now),
        overdue=sum(1 for deletion in free if deletion.expires_at and deletion.expires_at <= now),
        held=[deletion for deletion in found if deletion.legal_hold],
        kept=[deletion for deletion in found if not deletion.legal_hold and deletion.pk in above],
    )


def _by_day(deletions: Iterable[Deletion]) -> list[Day]:
    days: dict[date, Day] = defaultdict(lambda: Day(date.min))
    for deletion in deletions:
        if deletion.expires_at is not None:
            day = days[deletion.expires_at.date()]
            day.date = deletion.expires_at.date()
            day.deletions += 1
            day.rows += sum(deletion.counts.values())
    return [days[key] for key in sorted(days)]
