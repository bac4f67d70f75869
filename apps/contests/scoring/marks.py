"""What goes in: seats, criteria, entries and marks of one category.

Five things that are easily taken for one another are told apart here:

* a **zero** is a mark with the value 0;
* a **missing** mark is one that nobody has recorded yet: there is no `Mark` for it;
* an **abstention** is recorded by the judge (and an **absence** by the tally room): no value, and nobody
  waits for it;
* a **no-show** is an entry that did not start;
* a **disqualified** entry did, and no longer counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.errors import InvalidSheet
from apps.contests.scoring.rounding import number_fault
from apps.core.errors import FieldError


class MarkState(StrEnum):
    """What is known about the mark of one judge for one entry and criterion.

    Only the first three are recorded. `missing` is the absence of a record; `recused` comes from the seat's
    recusals and wins over a mark that was given before.
    """

    SCORED = "scored"
    ABSENT = "absent"
    ABSTAINED = "abstained"
    MISSING = "missing"
    RECUSED = "recused"


RECORDED_STATES = frozenset({MarkState.SCORED, MarkState.ABSENT, MarkState.ABSTAINED})


class EntryStatus(StrEnum):
    """Only an `entered` entry competes; the others are listed without total and place, in this order."""

    ENTERED = "entered"
    NO_SHOW = "no_show"
    WITHDRAWN = "withdrawn"
    DISQUALIFIED = "disqualified"


class DeductionStage(StrEnum):
    """Which total it is taken from: the category's or the contest's."""

    CATEGORY = "category"
    CONTEST = "contest"


class DeductionUnit(StrEnum):
    """Points, or percent of the total before any deduction of that stage."""

    POINTS = "points"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Mark:
    """One record of one judge. A value belongs to `scored` and to nothing else."""

    judge: str
    entry: str
    criterion: str
    value: Decimal | None = None
    state: MarkState = MarkState.SCORED

    def faults(self) -> Iterator[tuple[str, str]]:
        """Pairs of field and sentence."""
        if self.state not in RECORDED_STATES:
            yield "state", f"'{self.state}' is not recorded by a mark"
        elif self.state is MarkState.SCORED:
            fault = number_fault(self.value)
            if fault:
                yield "value", f"the mark {fault}"
        elif self.value is not None:
            yield "value", f"a mark that is '{self.state}' has no value"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that judges mark; its panel score is multiplied by `factor` (zero or more)."""

    key: str
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Deduction:
    """Positive points (or percent) that make a total worse. A reversed one is left out by the caller."""

    amount: Decimal
    stage: DeductionStage = DeductionStage.CATEGORY
    unit: DeductionUnit = DeductionUnit.POINTS


@dataclass(frozen=True, slots=True)
class Entry:
    """A start in the category. `technical_points` of None are not known yet, which is not zero."""

    key: str
    status: EntryStatus = EntryStatus.ENTERED
    technical_points: Decimal | None = None
    deductions: tuple[Deduction, ...] = ()

    @property
    def competes(self) -> bool:
        return self.status is EntryStatus.ENTERED

    def faults(self) -> Iterator[tuple[str, str]]:
        """Pairs of field and sentence."""
        fault = number_fault(self.technical_points) if self.technical_points is not None else None
        if fault:
            yield "technical_points", f"the technical points {fault}"
        for position, deduction in enumerate(self.deductions):
            fault = deduction_fault(deduction)
            if fault:
                yield f"deductions/{position}/amount", fault


@dataclass(frozen=True, slots=True)
class CategorySheet:
    """Everything that a category is computed from. Refuses (InvalidSheet) what contradicts itself.

    `judges` are in seat order, `entries` in starting order: both orders count, the first where extremes tie
    in trimming, the second where tied entries are listed. `marks` are in any order. `recusals` are pairs of
    judge and entry.
    """

    judges: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    entries: tuple[Entry, ...]
    marks: tuple[Mark, ...]
    recusals: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        errors = [*self._faults_of_lists(), *self._faults_of_marks()]
        if errors:
            raise InvalidSheet(f"{len(errors)} rows of the score sheet can't be used.", errors=errors)

    def _faults_of_lists(self) -> Iterator[FieldError]:
        yield from _repeated("judges", self.judges)
        yield from _repeated("criteria", [criterion.key for criterion in self.criteria])
        yield from _repeated("entries", [entry.key for entry in self.entries])
        for position, criterion in enumerate(self.criteria):
            fault = number_fault(criterion.factor) or ("must not be negative" if criterion.factor < 0 else None)
            if fault:
                yield FieldError(f"#/criteria/{position}/factor", "invalid", f"the factor {fault}")
        for position, entry in enumerate(self.entries):
            for field, sentence in entry.faults():
                yield FieldError(f"#/entries/{position}/{field}", "invalid", sentence)
        known = {(judge, entry.key) for judge in self.judges for entry in self.entries}
        for judge, key in sorted(self.recusals - known):
            yield FieldError("#/recusals", "unknown", f"no judge '{judge}' or no entry '{key}'")

    def _faults_of_marks(self) -> Iterator[FieldError]:
        judges, criteria = frozenset(self.judges), {criterion.key for criterion in self.criteria}
        entries = {entry.key for entry in self.entries}
        seen: set[tuple[str, str, str]] = set()
        for position, mark in enumerate(self.marks):
            known = (("judge", mark.judge, judges), ("entry", mark.entry, entries))
            for field, key, keys in (*known, ("criterion", mark.criterion, criteria)):
                if key not in keys:
                    yield FieldError(f"#/marks/{position}/{field}", "unknown", f"there is no {field} '{key}'")
            for field, sentence in mark.faults():
                yield FieldError(f"#/marks/{position}/{field}", "invalid", sentence)
            place = (mark.judge, mark.entry, mark.criterion)
            if place in seen:
                yield FieldError(
                    f"#/marks/{position}",
                    "duplicate",
                    "this judge has marked this criterion of this entry already",
                )
            seen.add(place)


def deduction_fault(deduction: Deduction) -> str | None:
    """Why this deduction can't be taken, or None where it can."""
    fault = number_fault(deduction.amount)
    if fault:
        return f"the deduction {fault}"
    return "a deduction is a positive number of points" if deduction.amount < 0 else None


def _repeated(field: str, keys: Sequence[str]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, key in enumerate(keys):
        if key in seen:
            yield FieldError(f"#/{field}/{position}", "duplicate", f"'{key}' is listed twice")
        seen.add(key)
