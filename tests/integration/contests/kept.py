"""Totals as they are kept, and whether they are right."""

from __future__ import annotations

from typing import Any

from apps.contests.models import StaleTotal
from apps.contests.selectors.totals import refresh_totals
from apps.contests.services.totals import check_totals
from tests.integration.contests.arena import Arena, arena


def ready() -> Arena:
    """Everything is marked, and the totals say so."""
    found = arena()
    found.mark_all()
    with found.scope():
        refresh_totals(found.contest)
    return found


def totals(found: Arena) -> list[str]:
    """What is wrong with the totals as they are kept."""
    with found.scope():
        return check_totals(contest=found.now())


def queue(found: Arena) -> list[tuple[Any, Any]]:
    """Whose totals are stale: contestants, entries."""
    return list(StaleTotal.objects.filter(contest_id=found.contest.pk).values_list("contestant_id", "entry_id"))
