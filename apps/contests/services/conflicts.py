"""Conflicts of interest become recusals, which are what results are computed from.

They are rows, and not worked out from the affiliations each time: a judge who changes clubs next year must not change
last year's certified result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from apps.contests.models import Assignment, Contestant, Recusal
from apps.contests.policies import AFFILIATED
from apps.contests.scoring.allocation import club_of


def recuse_affiliated(*, contest_id: UUID) -> int:
    """Recuse every seat of the contest from contestants of its judge's own affiliation; returns how many are new."""
    seats = Assignment.objects.filter(category__contest_id=contest_id).exclude(judge__affiliation="")
    club_by_seat = {seat: club_of(seat.judge.affiliation) for seat in seats.select_related("judge")}
    if not club_by_seat:
        return 0
    members = _members_of({*club_by_seat.values()} - {""}, contest_id)
    recusals = Recusal.objects.filter(assignment__category__contest_id=contest_id)
    known = set(recusals.values_list("assignment_id", "contestant_id"))
    new = [
        Recusal(
            organization_id=seat.organization_id,
            assignment_id=seat.pk,
            contestant_id=contestant_id,
            reason=AFFILIATED,
        )
        for seat, club in club_by_seat.items()
        for contestant_id in members[club]
        if (seat.pk, contestant_id) not in known
    ]
    Recusal.objects.bulk_create(new)
    return len(new)


def _members_of(clubs: Collection[str], contest_id: UUID) -> Mapping[str, list[UUID]]:
    """The contestants of each club. Spellings are compared as where marks are refused, and not as the database would:
    to that, `STRASSE` is not `Straße`."""
    contestants = Contestant.objects.filter(contest_id=contest_id)
    spellings = contestants.exclude(affiliation="").order_by().values_list("affiliation", flat=True).distinct()
    wanted = [spelling for spelling in spellings if club_of(spelling) in clubs]
    found: dict[str, list[UUID]] = defaultdict(list)
    for pk, spelling in contestants.filter(affiliation__in=wanted).values_list("pk", "affiliation"):
        found[club_of(spelling)].append(pk)
    return found
