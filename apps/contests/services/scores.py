"""Recording marks: one or five hundred, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.contests.enums import ScoreState
from apps.contests.errors import (
    AlreadyMarked,
    ConflictOfInterest,
    EntryNotCompeting,
    NotYourSeat,
    SeatNotMarking,
)
from apps.contests.models import Assignment, Criterion, Entry, Recusal, Score
from apps.contests.policies import competes, mark_faults, marks, may_mark_for, same_affiliation
from apps.contests.services.announcing import announce_changed_boards
from apps.contests.services.holding import hold_for_share, require_scoring
from apps.core.access import Access
from apps.core.errors import Conflict, FieldError, Invalid, NotFound, PodiumError
from apps.core.rest.etags import require_version

BULK_LIMIT = 500


@dataclass(frozen=True, slots=True)
class MarkInput:
    """A mark as it comes in. `value` belongs to `scored` and to nothing else."""

    assignment_id: UUID
    entry_id: UUID
    criterion_id: UUID
    state: str = ScoreState.SCORED
    value: Decimal | None = None

    @property
    def place(self) -> tuple[UUID, UUID, UUID]:
        return (self.entry_id, self.criterion_id, self.assignment_id)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the mark at `place` of a batch can't be taken; the fault's pointer is relative to the mark."""

    place: int
    kind: type[PodiumError]
    fault: FieldError


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows that a batch refers to."""

    entries: Mapping[UUID, Entry]
    criteria: Mapping[UUID, Criterion]
    seats: Mapping[UUID, Assignment]
    recusals: frozenset[tuple[UUID, UUID]]
    taken: frozenset[tuple[UUID, UUID, UUID]]


@transaction.atomic
def record_marks(*, inputs: Sequence[MarkInput], access: Access, pointers: Sequence[str]) -> list[Score]:
    """Record new marks, all or none.

    Args:
        pointers: where each mark is in the request: `#`, or `#/scores/12`.

    Raises:
        Invalid, Forbidden, Conflict: with one `FieldError` for each thing that is wrong, under the mark's pointer.
    """
    entries = Entry.objects.filter(pk__in={mark.entry_id for mark in inputs})
    contests = hold_for_share(contest_ids=set(entries.values_list("category__contest_id", flat=True)))
    entries_by_id = check_marks(inputs=inputs, access=access, pointers=pointers, new=True)
    for contest in contests:
        require_scoring(contest)
    scores = insert_marks(inputs, entries_by_id)
    announce_changed_boards(contests)
    return scores


def insert_marks(inputs: Iterable[MarkInput], entries: Mapping[UUID, Entry]) -> list[Score]:
    """Save new marks that `find_objections` has no objection to, under the contest's lock."""
    scores: list[Score] = Score.objects.bulk_create(
        Score(
            organization_id=entries[mark.entry_id].organization_id,
            assignment_id=mark.assignment_id,
            entry_id=mark.entry_id,
            criterion_id=mark.criterion_id,
            state=mark.state,
            value=mark.value,
        )
        for mark in inputs
    )
    return scores


@transaction.atomic
def change_mark(*, score_id: UUID, access: Access, state: str, value: Decimal | None, version: int | None) -> Score:
    """Correct a mark in the version that the caller has read.

    Raises:
        NotFound: there is no such mark.
        StaleVersion: it was changed since.
        Invalid, Forbidden, Conflict: as for a new mark.
    """
    contest_id = Score.objects.filter(pk=score_id).values_list("entry__category__contest_id", flat=True).first()
    contests = hold_for_share(contest_ids=[contest_id] if contest_id else [])
    score: Score | None = (
        Score.objects.select_for_update(of=("self",), no_key=True)
        .select_related("criterion", "assignment__judge", "entry__contestant", "entry__category")
        .filter(pk=score_id)
        .first()
    )
    if score is None or not contests:
        raise NotFound
    mark = MarkInput(score.assignment_id, score.entry_id, score.criterion_id, state, value)
    check_marks(inputs=[mark], access=access, pointers=["#"])
    require_scoring(contests[0])
    require_version(score, version)
    if (score.state, score.value) != (state, value):
        score.state, score.value = state, value
        score.save(update_fields=["state", "value"])
        announce_changed_boards(contests)
    return score


def check_marks(
    *, inputs: Sequence[MarkInput], access: Access, pointers: Sequence[str], new: bool = False
) -> Mapping[UUID, Entry]:
    """Refuse marks that this caller can't give; the entries that they are about, by id.

    Raises:
        Invalid, Forbidden, Conflict: with everything that is wrong, of the gravest kind.
    """
    entries, objections = find_objections(inputs=inputs, access=access, new=new)
    _refuse_for_gravest(objections, pointers)
    return entries


def find_objections(
    *, inputs: Sequence[MarkInput], access: Access, new: bool = False
) -> tuple[Mapping[UUID, Entry], list[Objection]]:
    """Everything that speaks against these marks, in their order, and the entries that they are about.

    Args:
        new: marks that are there already are objected to.
    """
    known = _load(inputs)
    found: list[Objection] = []
    seen: set[tuple[UUID, UUID, UUID]] = set()
    for place, mark in enumerate(inputs):
        found += (Objection(place, kind, fault) for kind, fault in _objections(mark, known, access))
        if new and (mark.place in seen or mark.place in known.taken):
            detail = "This seat has marked this criterion of this entry already."
            found.append(Objection(place, AlreadyMarked, FieldError("", AlreadyMarked.code, detail)))
        seen.add(mark.place)
    return known.entries, found


def _refuse_for_gravest(objections: Sequence[Objection], pointers: Sequence[str]) -> None:
    """Raise the gravest kind of error with all of its rows: whose seat it is, what is invalid, what conflicts."""
    errors: dict[type[PodiumError], list[FieldError]] = {NotYourSeat: [], Invalid: [], Conflict: []}
    for objection in objections:
        family = next(kind for kind in errors if issubclass(objection.kind, kind))
        pointer = "/".join(part for part in (pointers[objection.place], objection.fault.pointer) if part)
        errors[family].append(replace(objection.fault, pointer=pointer))
    if errors[NotYourSeat]:
        raise NotYourSeat("This is not your seat; the tally room marks for others.", errors=errors[NotYourSeat])
    if errors[Invalid]:
        raise Invalid("Some marks are not valid; nothing was saved.", errors=errors[Invalid])
    if errors[Conflict]:
        kind = next(objection.kind for objection in objections if issubclass(objection.kind, Conflict))
        raise kind(f"{errors[Conflict][0].detail} Nothing was saved.", errors=errors[Conflict])


def _load(inputs: Sequence[MarkInput]) -> _Known:
    entry_ids = {mark.entry_id for mark in inputs}
    seat_ids = {mark.assignment_id for mark in inputs}
    criterion_ids = {mark.criterion_id for mark in inputs}
    entries = Entry.objects.filter(pk__in=entry_ids).select_related("contestant")
    criteria = Criterion.objects.filter(pk__in=criterion_ids)
    seats = Assignment.objects.filter(pk__in=seat_ids).select_related("judge")
    taken = Score.objects.filter(Q(entry__in=entry_ids) & Q(assignment__in=seat_ids) & Q(criterion__in=criterion_ids))
    return _Known(
        entries={entry.pk: entry for entry in entries},
        criteria={criterion.pk: criterion for criterion in criteria},
        seats={seat.pk: seat for seat in seats},
        recusals=frozenset(
            Recusal.objects.filter(assignment__in=seat_ids).values_list("assignment_id", "contestant_id")
        ),
        taken=frozenset(taken.values_list("entry_id", "criterion_id", "assignment_id")),
    )


def _objections(mark: MarkInput, known: _Known, access: Access) -> Iterator[tuple[type[PodiumError], FieldError]]:
    entry = known.entries.get(mark.entry_id)
    criterion = known.criteria.get(mark.criterion_id)
    seat = known.seats.get(mark.assignment_id)
    for name, found in (("entry", entry), ("criterion", criterion), ("assignment", seat)):
        if found is None:
            yield Invalid, FieldError(name, "DOES_NOT_EXIST", f"There is no such {name}.")
    if entry is None or criterion is None or seat is None:
        return
    for name, category_id in (("criterion", criterion.category_id), ("assignment", seat.category_id)):
        if category_id != entry.category_id:
            yield Invalid, FieldError(name, "OTHER_CATEGORY", f"This {name} is of another category than the entry.")
    for fault in mark_faults(criterion, mark.state, mark.value):
        yield Invalid, fault
    if not may_mark_for(access, seat):
        yield NotYourSeat, FieldError("assignment", "NOT_YOUR_SEAT", "This is somebody else's seat.")
    yield from _conflicts(entry, seat, is_recused=(seat.pk, entry.contestant_id) in known.recusals)


def _conflicts(entry: Entry, seat: Assignment, *, is_recused: bool) -> Iterator[tuple[type[PodiumError], FieldError]]:
    if not marks(seat):
        yield SeatNotMarking, FieldError("assignment", SeatNotMarking.code, "A reserve does not mark.")
    if not competes(entry):
        yield EntryNotCompeting, FieldError("entry", EntryNotCompeting.code, "This entry does not compete.")
    if is_recused or same_affiliation(seat.judge, entry.contestant):
        detail = f"{seat.seat} does not mark number {entry.contestant.number}: conflict of interest."
        yield ConflictOfInterest, FieldError("assignment", ConflictOfInterest.code, detail)
