"""The rule that makes one winner list out of a contest's categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.reading import RuleReader, refuse_rule
from apps.contests.scoring.rounding import MAXIMUM_PLACES, Rounding, canonical, number_fault
from apps.contests.scoring.tie_breakers import TieBreaker, read_tie_breakers, tie_breaker_faults
from apps.core.errors import FieldError


class Combination(StrEnum):
    """`weighted_sum` adds up the categories' totals; `sum_of_placements` the places, and the lowest wins."""

    WEIGHTED_SUM = "weighted_sum"
    SUM_OF_PLACEMENTS = "sum_of_placements"


class Incomplete(StrEnum):
    """What becomes of a contestant without a total in one of the categories.

    `unplaced`: has no contest total and no place. `behind`: is ranked behind all who have more categories
    with a total (as where only the best of the first one qualify for the second), by the total of those.
    """

    UNPLACED = "unplaced"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class ContestRule:
    """How a contest is computed. Refuses (InvalidRule) fields that contradict each other.

    `places` and `rounding` are for each category's part (total or place, times the category's weight), so
    that the parts as shown add up to the total as shown, and for deductions in percent. `tie_breakers` may
    be of any kind.
    """

    combination: Combination = Combination.WEIGHTED_SUM
    incomplete: Incomplete = Incomplete.UNPLACED
    places: int = 2
    rounding: Rounding = Rounding.HALF_UP
    deduction_floor: Decimal | None = None
    tie_breakers: tuple[TieBreaker, ...] = ()

    def __post_init__(self) -> None:
        refuse_rule(list(self._faults()))

    def to_dict(self) -> dict[str, object]:
        """Canonical and JSON-able: every field, numbers as canonical strings; equal rules give equal data."""
        return {
            "combination": self.combination.value,
            "incomplete": self.incomplete.value,
            "places": self.places,
            "rounding": self.rounding.value,
            "deduction_floor": None if self.deduction_floor is None else canonical(self.deduction_floor),
            "tie_breakers": [tie_breaker.to_dict() for tie_breaker in self.tie_breakers],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ContestRule:
        """The reverse. Fields left out get their default; InvalidRule names each that is wrong or unknown."""
        reader = RuleReader(data)
        try:
            return cls(
                combination=reader.choice("combination", Combination.WEIGHTED_SUM),
                incomplete=reader.choice("incomplete", Incomplete.UNPLACED),
                places=reader.integer("places", 2),
                rounding=reader.choice("rounding", Rounding.HALF_UP),
                deduction_floor=reader.decimal("deduction_floor"),
                tie_breakers=read_tie_breakers(reader),
            )
        finally:
            # A field that can't be read is the cause, what the others then contradict only follows from it.
            refuse_rule(reader.finish())

    def _faults(self) -> Iterator[FieldError]:
        if not 0 <= self.places <= MAXIMUM_PLACES:
            yield FieldError("#/places", "invalid", f"must be between 0 and {MAXIMUM_PLACES}")
        if self.deduction_floor is not None:
            fault = number_fault(self.deduction_floor)
            if self.combination is Combination.SUM_OF_PLACEMENTS:
                fault = "has no meaning where the lowest total wins"
            if fault:
                yield FieldError("#/deduction_floor", "invalid", f"the floor {fault}")
        yield from tie_breaker_faults(self.tie_breakers, refused=frozenset())
