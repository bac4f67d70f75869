"""Recording marks: one or five hundred, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from apps.core.errors import Conflict, FieldError, Invalid, NotFound
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


@dataclass(slots=True)
class _Findings:
    """What is wrong with a batch, by kind of error; the gravest kind is raised with all of its rows."""

    forbidden: list[FieldError] = field(default_factory=list)
    invalid: list[FieldError] = field(default_factory=list)
    conflicts: list[tuple[type[Conflict], FieldError]] = field(default_factory=list)

    def raise_any(self) -> None:
        if self.forbidden:
            raise NotYourSeat("This is not your seat; the tally room marks for others.", errors=self.forbidden)
        if self.invalid:
            raise Invalid("Some marks are not valid; nothing was saved.", errors=self.invalid)
        if self.conflicts:
            kind = self.conflicts[0][0]
            errors = [error for _, error in self.conflicts]
            raise kind(f"{errors[0].detail} Nothing was saved.", errors=errors)


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
    scores: list[Score] = Score.objects.bulk_create(
        Score(
            organization_id=entries_by_id[mark.entry_id].organization_id,
            assignment_id=mark.assignment_id,
            entry_id=mark.entry_id,
            criterion_id=mark.criterion_id,
            state=mark.state,
            value=mark.value,
        )
        for mark in inputs
    )
    announce_changed_boards(contests)
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
        raise NotFound("There is nothing here, or nothing that you may see.")
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
    known = _load(inputs)
    findings = _Findings()
    seen: set[tuple[UUID, UUID, UUID]] = set()
    for mark, pointer in zip(inputs, pointers, strict=True):
        _check(mark, pointer, known, access, findings)
        if new and (mark.place in seen or mark.place in known.taken):
            detail = "This seat has marked this criterion of this entry already."
            findings.conflicts.append((AlreadyMarked, FieldError(pointer, "ALREADY_EXISTS", detail)))
        seen.add(mark.place)
    findings.raise_any()
    return known.entries


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


def _check(mark: MarkInput, pointer: str, known: _Known, access: Access, findings: _Findings) -> None:
    entry = known.entries.get(mark.entry_id)
    criterion = known.criteria.get(mark.criterion_id)
    seat = known.seats.get(mark.assignment_id)
    for name, found in (("entry", entry), ("criterion", criterion), ("assignment", seat)):
        if found is None:
            detail = f"There is no such {name}."
            findings.invalid.append(FieldError(f"{pointer}/{name}", "DOES_NOT_EXIST", detail))
    if entry is None or criterion is None or seat is None:
        return
    for name, found in (("criterion", criterion), ("assignment", seat)):
        if found.category_id != entry.category_id:
            detail = f"This {name} is of another category than the entry."
            findings.invalid.append(FieldError(f"{pointer}/{name}", "OTHER_CATEGORY", detail))
    findings.invalid += [
        FieldError(f"{pointer}/{fault.pointer}", fault.code, fault.detail)
        for fault in mark_faults(criterion, mark.state, mark.value)
    ]
    if not may_mark_for(access, seat):
        detail = "This is somebody else's seat."
        findings.forbidden.append(FieldError(f"{pointer}/assignment", "NOT_YOUR_SEAT", detail))
    findings.conflicts += _conflicts(entry, seat, pointer, known)


def _conflicts(
    entry: Entry, seat: Assignment, pointer: str, known: _Known
) -> list[tuple[type[Conflict], FieldError]]:
    found: list[tuple[type[Conflict], FieldError]] = []
    if not marks(seat):
        error = FieldError(f"{pointer}/assignment", SeatNotMarking.code, "A reserve does not mark.")
        found.append((SeatNotMarking, error))
    if not competes(entry):
        error = FieldError(f"{pointer}/entry", EntryNotCompeting.code, "This entry does not compete.")
        found.append((EntryNotCompeting, error))
    if (seat.pk, entry.contestant_id) in known.recusals or same_affiliation(seat.judge, entry.contestant):
        detail = f"{seat.seat} does not mark number {entry.contestant.number}: conflict of interest."
        found.append((ConflictOfInterest, FieldError(f"{pointer}/assignment", ConflictOfInterest.code, detail)))
    return found
