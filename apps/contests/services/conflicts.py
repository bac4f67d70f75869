"""Conflicts of interest become recusals, which are what results are computed from.

They are rows, and not worked out from the affiliations each time: a judge who changes clubs next year must not change
last year's certified result.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Lower, Trim

from apps.contests.models import Assignment, Contestant, Recusal
from apps.contests.policies import AFFILIATED


def recuse_affiliated(*, contest_id: UUID) -> int:
    """Recuse every seat of the contest from contestants of its judge's own affiliation; returns how many are new."""
    seats = (
        Assignment.objects.filter(category__contest_id=contest_id)
        .exclude(judge__affiliation="")
        .annotate(club=Lower(Trim(F("judge__affiliation"))))
    )
    clubs = {seat.club for seat in seats}
    if not clubs:
        return 0
    contestants = (
        Contestant.objects.filter(contest_id=contest_id)
        .annotate(club=Lower(Trim(F("affiliation"))))
        .filter(club__in=clubs)
    )
    known = set(
        Recusal.objects.filter(Q(assignment__category__contest_id=contest_id)).values_list(
            "assignment_id", "contestant_id"
        )
    )
    new = [
        Recusal(
            organization_id=seat.organization_id,
            assignment_id=seat.pk,
            contestant_id=contestant.pk,
            reason=AFFILIATED,
        )
        for seat in seats
        for contestant in contestants
        if seat.club == contestant.club and (seat.pk, contestant.pk) not in known
    ]
    Recusal.objects.bulk_create(new)
    return len(new)
