"""A judge's scorecard: all criteria of one entry, by one seat."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.contests.models import Assignment, Criterion, Entry, Score
from apps.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The marks that there are so far, by criterion."""

    assignment: Assignment
    entry: Entry
    criteria: tuple[Criterion, ...]
    scores: Mapping[UUID, Score]

    @property
    def tag(self) -> str:
        """The entity tag: which marks there are, in which versions. An empty card has one too."""
        marks = sorted(f"{score.pk}:{score.version}" for score in self.scores.values())
        return f'"{hashlib.blake2s(" ".join(marks).encode(), digest_size=12).hexdigest()}"'

    @property
    def complete(self) -> bool:
        """Whether every criterion has a mark."""
        return len(self.scores) == len(self.criteria)


def read_scorecard(*, assignment_id: UUID, entry_id: UUID) -> Scorecard:
    """The scorecard of this seat for this entry.

    Raises:
        NotFound: one of the two is not there, or they are of different categories.
    """
    assignment = Assignment.objects.filter(pk=assignment_id).select_related("judge", "category__contest").first()
    entry = Entry.objects.filter(pk=entry_id).select_related("contestant").first()
    if assignment is None or entry is None or assignment.category_id != entry.category_id:
        raise NotFound
    criteria = Criterion.objects.filter(category=entry.category_id).order_by("position", "id")
    scores = Score.objects.filter(assignment=assignment, entry=entry)
    return Scorecard(assignment, entry, tuple(criteria), {score.criterion_id: score for score in scores})
