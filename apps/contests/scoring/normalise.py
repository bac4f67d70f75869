"""What a judge's own scale is taken out with, before the panel is aggregated.

Always over the values of one judge in one unit (a criterion, or the judge's totals), for the **competing**
entries only: a disqualified entry's marks move nobody else's. Nothing here looks at another judge.

* `z_score`, for n values x with sum S and sum of squares Q:

      z = (n·x - S) / sqrt(n·Q - S²)

  which is (x - mean) / population standard deviation with one division left. n·x - S and n·Q - S² are
  exact, the root and the quotient are rounded half-up to 20 places, in this order.
* `rank`: the ordinal, the highest mark being 1, equal marks sharing the mean of the places they cover:
  `rank() over (… order by x desc) + (count(*) over (… x) - 1) / 2.0`. Exact.

Neither means anything for a judge who saw too few entries, nor a z-score where all marks are equal: then
all of that judge's values are undefined, and so is every panel score that needs them. They never become
zero, and they are never left out quietly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.moments import mid_ranks, variance_scaled
from apps.contests.scoring.rounding import exact_arithmetic, quotient, square_root
from apps.contests.scoring.rule import Normalisation, ScoringRule


class Undefined(StrEnum):
    """Why a judge's values can't be normalised."""

    TOO_FEW_MARKS = "too_few_marks"
    NO_VARIANCE = "no_variance"


@dataclass(frozen=True, slots=True)
class Normalised:
    """One value for each mark, in the order given; empty where they are undefined."""

    values: tuple[Decimal, ...]
    undefined: Undefined | None = None


def normalise(marks: Sequence[Decimal], rule: ScoringRule) -> Normalised:
    """The marks of one judge in one unit, as the rule has them enter the panel."""
    with exact_arithmetic():
        if rule.normalisation is Normalisation.NONE:
            return Normalised(tuple(marks))
        if len(marks) < rule.normalisation_minimum:
            return Normalised((), Undefined.TOO_FEW_MARKS)
        if rule.normalisation is Normalisation.RANK:
            return Normalised(tuple(mid_ranks(marks)))
        return _z_scores(marks)


def _z_scores(marks: Sequence[Decimal]) -> Normalised:
    variance = variance_scaled(marks)
    if variance == 0:
        return Normalised((), Undefined.NO_VARIANCE)
    spread, total = square_root(variance), sum(marks, Decimal(0))
    return Normalised(tuple(quotient(len(marks) * mark - total, spread) for mark in marks))
