"""From the values of a panel to one panel score, and which values made it.

With n values present (recorded as `scored`, not recused), in this order:

1. no score if a mark is missing and the rule blocks, if n < `minimum_panel`, or if a present value is
   undefined by normalisation;
2. `trimmed_mean`: number the values 1…n by (value, seat); drop positions up to `drop_low` and positions
   above n - `drop_high`. So exactly `drop_low` + `drop_high` are dropped: of equal lowest values the
   earliest seat's, of equal highest ones the latest seat's. "High" is the larger number, also for ordinals.
   In SQL one `row_number() over (partition by entry, unit order by value, seat)` beside one `count(*)`;
3. mean: sum of the rest divided by their number, half-up to 20 places; median: the middle value or half the
   sum of the two middle ones (`percentile_cont` is binary: not that); sum: the sum;
4. rounded to `panel_places` by `panel_rounding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.marks import MarkState
from apps.contests.scoring.moments import mean, median
from apps.contests.scoring.rounding import exact_arithmetic, round_to
from apps.contests.scoring.rule import Aggregation, MissingMarks, ScoringRule


class Use(StrEnum):
    """What became of a judge's value. `pending`: present, but the panel has no score yet."""

    COUNTED = "counted"
    DROPPED_LOW = "dropped_low"
    DROPPED_HIGH = "dropped_high"
    OMITTED = "omitted"
    PENDING = "pending"


class PanelFault(StrEnum):
    """Why there is no panel score; the first that holds."""

    MISSING_MARK = "missing_mark"
    PANEL_TOO_SMALL = "panel_too_small"
    NORMALISATION_UNDEFINED = "normalisation_undefined"


@dataclass(frozen=True, slots=True)
class JudgeValue:
    """One seat's part: `raw` is there if it is `scored`, `adjusted` too unless normalisation is undefined."""

    judge: str
    state: MarkState
    raw: Decimal | None = None
    adjusted: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UsedValue:
    """A judge's value and what became of it."""

    value: JudgeValue
    use: Use


@dataclass(frozen=True, slots=True)
class PanelScore:
    """`exact` is the aggregate to the working places, `score` the rounded one; `values` in seat order.

    Where there is no score, `fault` says why and `faulty` names the judges whose value is missing or
    undefined.
    """

    values: tuple[UsedValue, ...]
    exact: Decimal | None = None
    score: Decimal | None = None
    fault: PanelFault | None = None
    faulty: tuple[str, ...] = ()


def score_panel(values: Sequence[JudgeValue], rule: ScoringRule) -> PanelScore:
    """The panel score of one entry in one unit; `values` holds every seat, in seat order."""
    fault, faulty = _fault(values, rule)
    if fault:
        return replace(unscored_panel(values), fault=fault, faulty=faulty)
    uses = [Use.OMITTED] * len(values)
    for seat, use in trim([value.adjusted for value in values], drop_low=rule.drop_low, drop_high=rule.drop_high):
        uses[seat] = use
    counted = [
        value.adjusted
        for value, use in zip(values, uses, strict=True)
        if use is Use.COUNTED and value.adjusted is not None
    ]
    with exact_arithmetic():
        exact = _aggregate(counted, rule.aggregation)
        score = round_to(exact, places=rule.panel_places, mode=rule.panel_rounding)
    return PanelScore(_used(values, uses), exact=exact, score=score)


def unscored_panel(values: Sequence[JudgeValue]) -> PanelScore:
    """The values without a score, for an entry that doesn't compete or whose panel isn't complete."""
    uses = [Use.PENDING if value.state is MarkState.SCORED else Use.OMITTED for value in values]
    return PanelScore(_used(values, uses))


def trim(values: Sequence[Decimal | None], *, drop_low: int, drop_high: int) -> list[tuple[int, Use]]:
    """The seat (index) and use of each value that is there, from the lowest value to the highest."""
    seats = sorted((value, seat) for seat, value in enumerate(values) if value is not None)
    kept = len(seats) - drop_high
    return [
        (seat, Use.DROPPED_LOW if place < drop_low else Use.COUNTED if place < kept else Use.DROPPED_HIGH)
        for place, (_, seat) in enumerate(seats)
    ]


def _aggregate(values: Sequence[Decimal], aggregation: Aggregation) -> Decimal:
    if aggregation is Aggregation.SUM:
        return sum(values, Decimal(0))
    return median(values) if aggregation is Aggregation.MEDIAN else mean(values)


def _fault(values: Sequence[JudgeValue], rule: ScoringRule) -> tuple[PanelFault | None, tuple[str, ...]]:
    present = [value for value in values if value.state is MarkState.SCORED]
    missing = tuple(value.judge for value in values if value.state is MarkState.MISSING)
    if missing and rule.missing is MissingMarks.BLOCK:
        return PanelFault.MISSING_MARK, missing
    if len(present) < rule.minimum_panel:
        return PanelFault.PANEL_TOO_SMALL, missing
    undefined = tuple(value.judge for value in present if value.adjusted is None)
    return (PanelFault.NORMALISATION_UNDEFINED if undefined else None), undefined


def _used(values: Sequence[JudgeValue], uses: Sequence[Use]) -> tuple[UsedValue, ...]:
    return tuple(UsedValue(value, use) for value, use in zip(values, uses, strict=True))
