"""How each judge marked, beside the others of the panel. Raw marks, competing entries only.

For one judge, over their marks x for each entry and criterion:

* `mean` and `spread` (population standard deviation) of the marks;
* `bias`: the mean of x - o, where o is the mean of the **other** judges' marks for the same entry and
  criterion, so that nobody is compared with themselves; positive is generous. Marks that nobody else gave
  are left out;
* `distance`: the mean of |x - o|: how far from the panel, whichever way;
* `rank_correlation`: Spearman's, of the judge's ballots (see `ranking`) with the final places.

A judge is flagged where the panel is large enough to tell (`JUDGES_TO_COMPARE`), by the modified z-score of
Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993): 0.6745 * (value - median) / MAD beyond 3.5,
or, where more than half of the values are equal so that MAD is zero, (value - median) / (1.253314 * mean
absolute deviation). The median stays where it is however far off one judge is; with a mean and standard
deviation one of nine judges can hardly reach a z-score of 3 at all.

All means and roots have the working places; what is returned is rounded half-up to `SHOWN_PLACES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.category import CategoryResult
from apps.contests.scoring.marks import CategorySheet
from apps.contests.scoring.moments import mean, median, spearman, standard_deviation
from apps.contests.scoring.rounding import exact_arithmetic, quotient, round_to

SHOWN_PLACES = 6
JUDGES_TO_COMPARE = 5
OUTLIER = Decimal("3.5")
CONSISTENT_MAD = Decimal("0.6745")
CONSISTENT_MEAN_DEVIATION = Decimal("1.253314")


class Flag(StrEnum):
    """What is unusual beside the panel: `bias` high or low, `distance` high, `rank_correlation` low.

    A low correlation alone says little: where technical points decide, it is low for all of the panel.
    """

    GENEROUS = "generous"
    SEVERE = "severe"
    FAR_FROM_PANEL = "far_from_panel"
    DIFFERENT_ORDER = "different_order"


@dataclass(frozen=True, slots=True)
class JudgeStatistics:
    """Each figure is None where there is nothing to compute it from."""

    judge: str
    marks: int
    mean: Decimal | None
    spread: Decimal | None
    bias: Decimal | None
    distance: Decimal | None
    rank_correlation: Decimal | None
    flags: tuple[Flag, ...]


_Marks = Mapping[tuple[str, str], Mapping[str, Decimal]]
"""By entry and criterion: the marks given, by judge."""


def judge_statistics(sheet: CategorySheet, result: CategoryResult) -> tuple[JudgeStatistics, ...]:
    """One item a judge, in seat order. `result` is that of this sheet, under any rule."""
    with exact_arithmetic():
        marks = _marks(sheet)
        given = {judge: [line[judge] for line in marks.values() if judge in line] for judge in sheet.judges}
        differences = {judge: _differences(judge, marks) for judge in sheet.judges}
        biases = {judge: mean(values) for judge, values in differences.items() if values}
        distances = {judge: mean([abs(value) for value in values]) for judge, values in differences.items() if values}
        correlations = {judge: _correlation(seat, result) for seat, judge in enumerate(sheet.judges)}
        compared = (
            _outliers(biases),
            _outliers(distances),
            _outliers({judge: value for judge, value in correlations.items() if value is not None}),
        )
        return tuple(
            JudgeStatistics(
                judge=judge,
                marks=len(given[judge]),
                mean=_shown(mean(given[judge]) if given[judge] else None),
                spread=_shown(standard_deviation(given[judge]) if given[judge] else None),
                bias=_shown(biases.get(judge)),
                distance=_shown(distances.get(judge)),
                rank_correlation=_shown(correlations[judge]),
                flags=_flags(judge, *compared),
            )
            for judge in sheet.judges
        )


def _marks(sheet: CategorySheet) -> _Marks:
    competing = {entry.key for entry in sheet.entries if entry.competes}
    marks: dict[tuple[str, str], dict[str, Decimal]] = {}
    for mark in sheet.marks:
        if mark.entry in competing and mark.value is not None and (mark.judge, mark.entry) not in sheet.recusals:
            marks.setdefault((mark.entry, mark.criterion), {})[mark.judge] = mark.value
    return marks


def _differences(judge: str, marks: _Marks) -> list[Decimal]:
    """This judge's marks less the mean of the others'."""
    differences = []
    for line in marks.values():
        others = [value for other, value in line.items() if other != judge]
        if judge in line and others:
            differences.append(line[judge] - mean(others))
    return differences


def _correlation(seat: int, result: CategoryResult) -> Decimal | None:
    pairs = [
        (ballot, Decimal(-entry.place))
        for entry in result.entries
        if entry.place is not None and (ballot := entry.ballots[seat]) is not None
    ]
    return spearman([ballot for ballot, _ in pairs], [place for _, place in pairs])


def _outliers(values: Mapping[str, Decimal]) -> Mapping[str, int]:
    """1 for each judge whose value is far above the others', -1 for far below."""
    if len(values) < JUDGES_TO_COMPARE:
        return {}
    middle = median(list(values.values()))
    deviations = [abs(value - middle) for value in values.values()]
    unit = quotient(median(deviations), CONSISTENT_MAD) or mean(deviations) * CONSISTENT_MEAN_DEVIATION
    return {
        judge: 1 if value > middle else -1 for judge, value in values.items() if abs(value - middle) > OUTLIER * unit
    }


def _flags(
    judge: str, bias: Mapping[str, int], distance: Mapping[str, int], correlation: Mapping[str, int]
) -> tuple[Flag, ...]:
    found = (
        (Flag.GENEROUS, bias.get(judge) == 1),
        (Flag.SEVERE, bias.get(judge) == -1),
        (Flag.FAR_FROM_PANEL, distance.get(judge) == 1),
        (Flag.DIFFERENT_ORDER, correlation.get(judge) == -1),
    )
    return tuple(flag for flag, holds in found if holds)


def _shown(value: Decimal | None) -> Decimal | None:
    return None if value is None else round_to(value, places=SHOWN_PLACES)
