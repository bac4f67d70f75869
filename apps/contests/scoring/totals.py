"""Taking deductions from a total, of a category and of a contest alike.

Each deduction is worth its points, or `round(|subtotal| * percent / 100)` with the stage's rounding; the
subtotal is the total before any of them, so their order doesn't matter. They always make a total worse:
where the highest total wins,

    total = max(subtotal - Σ, min(subtotal, floor))        (without a floor: subtotal - Σ)

so a floor stops deductions and lifts no total that was below it before; where the lowest wins, subtotal + Σ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from apps.contests.scoring.marks import Deduction, DeductionUnit
from apps.contests.scoring.rounding import Rounding, exact_arithmetic, quotient, round_to


@dataclass(frozen=True, slots=True)
class DeductionTerms:
    """How a stage takes deductions: rounding of percents, the floor, and which way is worse."""

    places: int
    rounding: Rounding
    floor: Decimal | None = None
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Deducted:
    """`deductions` is Σ as imposed, also where the floor stopped it."""

    deductions: Decimal
    total: Decimal


def deduct(subtotal: Decimal, deductions: Iterable[Deduction], terms: DeductionTerms) -> Deducted:
    """The total after all of these deductions."""
    with exact_arithmetic():
        imposed = sum((_worth(deduction, subtotal, terms) for deduction in deductions), Decimal(0))
        if terms.lower_is_better:
            return Deducted(imposed, subtotal + imposed)
        total = subtotal - imposed
        if terms.floor is not None:
            total = max(total, min(subtotal, terms.floor))
        return Deducted(imposed, total)


def _worth(deduction: Deduction, subtotal: Decimal, terms: DeductionTerms) -> Decimal:
    if deduction.unit is DeductionUnit.POINTS:
        return deduction.amount
    return round_to(quotient(abs(subtotal) * deduction.amount, 100), places=terms.places, mode=terms.rounding)
