"""What a judge has to mark: their seats, and how far each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.contests.enums import ContestStatus, SeatRole
from apps.contests.models import Assignment, Criterion, Entry, Recusal
from apps.contests.policies import competes
from apps.core.tenancy import platform_scope


@dataclass(frozen=True, slots=True)
class SeatEntry:
    """An entry as a seat sees it: how many of its marks are given, of how many; recused seats give none."""

    entry: Entry
    given: int
    expected: int
    recused: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left to mark."""
        return self.recused or self.given >= self.expected


def own_seats(user_id: UUID | None) -> QuerySet[Assignment]:
    """The seats that a person marks from; a judge who was deleted may still have some, and marks from none."""
    seats: QuerySet[Assignment] = Assignment.objects.filter(
        judge__user=user_id, judge__user__isnull=False, judge__deleted_at__isnull=True
    )
    return seats


def seats_of(user_id: UUID | None) -> Sequence[Assignment]:
    """The seats of a person in every organization, in contests that have begun and are not over."""
    now = {ContestStatus.OPEN, ContestStatus.SCORING, ContestStatus.LOCKED}
    with platform_scope("a judge sits on panels of several organizations"):
        return list(
            own_seats(user_id)
            .filter(category__contest__status__in=now)
            .exclude(role=SeatRole.RESERVE)
            .select_related("category__contest__event__organization", "judge")
            .order_by(
                "category__contest__event__starts_at", "category__contest__position", "category__position", "id"
            )
        )


def seat_of(assignment_id: UUID, user_id: UUID | None) -> Assignment | None:
    """This seat, if the person sits on it; its organization is in no scope yet."""
    with platform_scope("a judge's own seat"):
        found: Assignment | None = (
            own_seats(user_id)
            .filter(pk=assignment_id)
            .select_related("category__contest__event__organization", "judge")
            .first()
        )
    return found


def entries_of(seat: Assignment) -> list[SeatEntry]:
    """The competing entries of the seat's category in starting order, in three queries."""
    expected = Criterion.objects.filter(category=seat.category_id).count()
    recused = set(Recusal.objects.filter(assignment=seat).values_list("contestant_id", flat=True))
    given = Count("scores", filter=Q(scores__assignment=seat, scores__deleted_at__isnull=True))
    entries = (
        Entry.objects.filter(category=seat.category_id)
        .select_related("contestant")
        .annotate(given=given)
        .order_by("starting_order", "contestant__number")
    )
    return [
        SeatEntry(entry, entry.given, expected, entry.contestant_id in recused)
        for entry in entries
        if competes(entry)
    ]
