"""The scoring rule of a category: a policy as data, frozen into the certified result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.reading import RuleReader, refuse_rule
from apps.contests.scoring.rounding import MAXIMUM_PLACES, Rounding, canonical, number_fault
from apps.contests.scoring.tie_breakers import (
    TieBreaker,
    TieBreakerKind,
    read_tie_breakers,
    tie_breaker_faults,
)
from apps.core.errors import FieldError


class Aggregation(StrEnum):
    """How the judges' values of one unit become one."""

    MEAN = "mean"
    TRIMMED_MEAN = "trimmed_mean"
    MEDIAN = "median"
    SUM = "sum"


class Normalisation(StrEnum):
    """What each judge's marks are turned into before that; see `normalise`."""

    NONE = "none"
    Z_SCORE = "z_score"
    RANK = "rank"


class Unit(StrEnum):
    """What is normalised, trimmed and aggregated: the marks of each criterion, or each judge's own total."""

    CRITERION = "criterion"
    JUDGE_TOTAL = "judge_total"


class MissingMarks(StrEnum):
    """`omit`: the panel score is taken over the marks there are. `block`: there is none until all are in."""

    OMIT = "omit"
    BLOCK = "block"


MINIMUM_FOR_Z_SCORE = 2
LARGEST_COUNT = 2**31 - 1
"""What PostgreSQL's `int` holds: the board is computed there."""


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """How a category is computed. Refuses (InvalidRule) fields that contradict each other.

    * `aggregation`, and for `trimmed_mean` how many of the highest and lowest values are dropped;
    * `minimum_panel`: with fewer values present, before trimming, there is no panel score;
    * `normalisation`, undefined for a judge who marked fewer than `normalisation_minimum` competing entries;
    * `unit`: with `judge_total`, a judge's value is Σ mark * factor over all criteria, exact, and their
      panel score is the component total; the rounding after the factor then has nothing to do but percent
      deductions;
    * `missing`: about marks that nobody recorded; absences, abstentions and recusals are always left out;
    * `panel_*` rounds the panel score, `factor_*` the panel score times the factor;
    * `technical_points`: whether they are part of the total; an entry without them then has no total;
    * `deduction_floor`: deductions can't bring a total below it;
    * `tie_breakers`: in this order, then a shared place.
    """

    aggregation: Aggregation = Aggregation.MEAN
    drop_high: int = 0
    drop_low: int = 0
    minimum_panel: int = 1
    normalisation: Normalisation = Normalisation.NONE
    normalisation_minimum: int = MINIMUM_FOR_Z_SCORE
    unit: Unit = Unit.CRITERION
    missing: MissingMarks = MissingMarks.BLOCK
    panel_places: int = 2
    panel_rounding: Rounding = Rounding.HALF_UP
    factor_places: int = 2
    factor_rounding: Rounding = Rounding.HALF_UP
    technical_points: bool = False
    deduction_floor: Decimal | None = None
    tie_breakers: tuple[TieBreaker, ...] = ()

    def __post_init__(self) -> None:
        refuse_rule(list(self._faults()))

    @property
    def lower_is_better(self) -> bool:
        """Ordinals are places, so a category of ordinals is won by the lowest total."""
        return self.normalisation is Normalisation.RANK

    def to_dict(self) -> dict[str, object]:
        """Canonical and JSON-able: every field, numbers as canonical strings; equal rules give equal data."""
        return {
            "aggregation": self.aggregation.value,
            "drop_high": self.drop_high,
            "drop_low": self.drop_low,
            "minimum_panel": self.minimum_panel,
            "normalisation": self.normalisation.value,
            "normalisation_minimum": self.normalisation_minimum,
            "unit": self.unit.value,
            "missing": self.missing.value,
            "panel_places": self.panel_places,
            "panel_rounding": self.panel_rounding.value,
            "factor_places": self.factor_places,
            "factor_rounding": self.factor_rounding.value,
            "technical_points": self.technical_points,
            "deduction_floor": None if self.deduction_floor is None else canonical(self.deduction_floor),
            "tie_breakers": [tie_breaker.to_dict() for tie_breaker in self.tie_breakers],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ScoringRule:
        """The reverse. Fields left out get their default; InvalidRule names each that is wrong or unknown."""
        reader = RuleReader(data)
        try:
            return cls(
                aggregation=reader.choice("aggregation", Aggregation.MEAN),
                drop_high=reader.integer("drop_high", 0),
                drop_low=reader.integer("drop_low", 0),
                minimum_panel=reader.integer("minimum_panel", 1),
                normalisation=reader.choice("normalisation", Normalisation.NONE),
                normalisation_minimum=reader.integer("normalisation_minimum", MINIMUM_FOR_Z_SCORE),
                unit=reader.choice("unit", Unit.CRITERION),
                missing=reader.choice("missing", MissingMarks.BLOCK),
                panel_places=reader.integer("panel_places", 2),
                panel_rounding=reader.choice("panel_rounding", Rounding.HALF_UP),
                factor_places=reader.integer("factor_places", 2),
                factor_rounding=reader.choice("factor_rounding", Rounding.HALF_UP),
                technical_points=reader.boolean("technical_points", default=False),
                deduction_floor=reader.decimal("deduction_floor"),
                tie_breakers=read_tie_breakers(reader),
            )
        finally:
            # A field that can't be read is the cause, what the others then contradict only follows from it.
            refuse_rule(reader.finish())

    def _faults(self) -> Iterator[FieldError]:
        yield from self._faults_of_the_panel()
        yield from self._faults_of_rounding()
        if self.deduction_floor is not None:
            fault = number_fault(self.deduction_floor)
            if self.lower_is_better:
                fault = "has no meaning where the lowest total wins"
            if fault:
                yield FieldError("#/deduction_floor", "invalid", f"the floor {fault}")
        refused = {TieBreakerKind.CATEGORY}
        if self.unit is Unit.JUDGE_TOTAL:
            refused.add(TieBreakerKind.CRITERION)
        if not self.technical_points:
            refused.add(TieBreakerKind.TECHNICAL_POINTS)
        yield from tie_breaker_faults(self.tie_breakers, refused=frozenset(refused))

    def _faults_of_the_panel(self) -> Iterator[FieldError]:
        trims = self.aggregation is Aggregation.TRIMMED_MEAN
        for name, dropped in (("drop_high", self.drop_high), ("drop_low", self.drop_low)):
            if dropped < 0:
                yield FieldError(f"#/{name}", "invalid", "must not be negative")
            if dropped and not trims:
                yield FieldError(f"#/{name}", "invalid", f"a {self.aggregation} drops nothing")
        if trims and not (self.drop_high or self.drop_low):
            yield FieldError("#/drop_high", "invalid", "a trimmed_mean drops at least one value")
        needed = self.drop_high + self.drop_low + 1 if trims else 1
        if self.minimum_panel < needed:
            yield FieldError("#/minimum_panel", "invalid", f"must be at least {needed}, so that a value is left")
        least = MINIMUM_FOR_Z_SCORE if self.normalisation is Normalisation.Z_SCORE else 1
        if self.normalisation_minimum < least:
            yield FieldError("#/normalisation_minimum", "invalid", f"must be at least {least}")
        for name in ("drop_high", "drop_low", "minimum_panel", "normalisation_minimum"):
            if getattr(self, name) > LARGEST_COUNT:
                yield FieldError(f"#/{name}", "invalid", f"must be at most {LARGEST_COUNT}")

    def _faults_of_rounding(self) -> Iterator[FieldError]:
        for name, places in (("panel_places", self.panel_places), ("factor_places", self.factor_places)):
            if not 0 <= places <= MAXIMUM_PLACES:
                yield FieldError(f"#/{name}", "invalid", f"must be between 0 and {MAXIMUM_PLACES}")
