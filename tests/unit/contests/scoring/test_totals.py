from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.contests.scoring.marks import Deduction, DeductionUnit
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.totals import DeductionTerms, deduct

TERMS = DeductionTerms(places=2, rounding=Rounding.HALF_UP)


def points(*amounts: str) -> list[Deduction]:
    return [Deduction(Decimal(amount)) for amount in amounts]


def percent(amount: str) -> Deduction:
    return Deduction(Decimal(amount), unit=DeductionUnit.PERCENT)


def test_points_are_subtracted() -> None:
    deducted = deduct(Decimal("60.15"), points("1", "0.50"), TERMS)
    assert (deducted.deductions, deducted.total) == (Decimal("1.5"), Decimal("58.65"))


def test_percents_are_of_the_total_before_any_deduction_and_rounded() -> None:
    deducted = deduct(Decimal("33.33"), [*points("3"), percent("10"), percent("5")], TERMS)
    assert deducted.deductions == Decimal(3) + Decimal("3.33") + Decimal("1.67")


def test_the_order_of_deductions_does_not_matter() -> None:
    deductions = [*points("3"), percent("10")]
    assert deduct(Decimal(50), deductions, TERMS) == deduct(Decimal(50), deductions[::-1], TERMS)


@pytest.mark.parametrize(
    ("subtotal", "total"),
    [("10", "5"), ("3", "0"), ("0", "0"), ("-2", "-2")],
)
def test_a_floor_stops_deductions_and_lifts_nothing(subtotal: str, total: str) -> None:
    deducted = deduct(Decimal(subtotal), points("5"), replace(TERMS, floor=Decimal(0)))
    assert (deducted.deductions, deducted.total) == (Decimal(5), Decimal(total))


def test_a_percentage_of_a_negative_total_makes_it_worse_too() -> None:
    assert deduct(Decimal(-10), [percent("10")], TERMS).total == Decimal(-11)


def test_where_the_lowest_total_wins_deductions_are_added() -> None:
    assert deduct(Decimal("12.5"), points("2"), replace(TERMS, lower_is_better=True)).total == Decimal("14.5")
