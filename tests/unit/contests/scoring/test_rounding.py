from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.scoring.rounding import (
    Rounding,
    canonical,
    exact_arithmetic,
    number_fault,
    quotient,
    round_to,
    square_root,
)

TIES = ["0.005", "0.015", "0.025", "-0.005", "-0.015"]


@pytest.mark.parametrize(
    ("mode", "rounded"),
    [
        (Rounding.HALF_UP, ["0.01", "0.02", "0.03", "-0.01", "-0.02"]),
        (Rounding.HALF_EVEN, ["0.00", "0.02", "0.02", "0.00", "-0.02"]),
        (Rounding.DOWN, ["0.00", "0.01", "0.02", "0.00", "-0.01"]),
        (Rounding.UP, ["0.01", "0.02", "0.03", "-0.01", "-0.02"]),
    ],
)
def test_ties_go_where_the_mode_says(mode: Rounding, rounded: list[str]) -> None:
    assert [str(round_to(Decimal(tie), places=2, mode=mode)) for tie in TIES] == rounded


def test_just_below_and_above_a_tie_half_up_and_half_even_agree() -> None:
    for mode in (Rounding.HALF_UP, Rounding.HALF_EVEN):
        assert str(round_to(Decimal("7.12499"), places=2, mode=mode)) == "7.12"
        assert str(round_to(Decimal("7.12501"), places=2, mode=mode)) == "7.13"


def test_places_are_kept_although_they_are_zeros() -> None:
    assert str(round_to(Decimal(7), places=2)) == "7.00"


def test_a_quotient_has_twenty_places_half_up() -> None:
    assert str(quotient(Decimal(2), 3)) == "0.66666666666666666667"
    assert str(quotient(Decimal(-2), 3)) == "-0.66666666666666666667"


def test_a_square_root_has_twenty_places_half_up() -> None:
    assert str(square_root(Decimal(2))) == "1.41421356237309504880"


@given(
    marks=st.lists(st.integers(min_value=-(10**9), max_value=10**9), min_size=1, max_size=40),
    places=st.integers(min_value=0, max_value=8),
)
def test_rounding_a_mean_twice_is_rounding_it_once(marks: list[int], places: int) -> None:
    """The true quotient, rounded half-up in whole numbers, is what the working places give."""
    scale = 10**6
    total, number = sum(marks), len(marks)
    scaled, rest = divmod(2 * abs(total) * 10**places + number * scale, 2 * number * scale)
    sign = -1 if total < 0 else 1
    assert rest >= 0
    mean = quotient(Decimal(total).scaleb(-6), number)
    assert round_to(mean, places=places) == Decimal(sign * scaled).scaleb(-places)


def test_the_callers_own_decimal_context_changes_nothing() -> None:
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
        assert str(quotient(Decimal(200), 3)) == "66.66666666666666666667"
        assert str(round_to(Decimal("123456.785"), places=2)) == "123456.79"
        with exact_arithmetic():
            assert Decimal("123456.78") + Decimal("0.01") == Decimal("123456.79")


def test_a_float_can_not_get_in() -> None:
    binary = 0.1
    with exact_arithmetic(), pytest.raises(decimal.FloatOperation):
        Decimal(binary)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (Decimal(0), None),
        (Decimal("-99999999999.99999999"), None),
        (Decimal("1E+11"), None),
        (0.5, "must be a decimal number, not float"),
        (1, "must be a decimal number, not int"),
        (Decimal("NaN"), "must be a finite number"),
        (Decimal("-Infinity"), "must be a finite number"),
        (Decimal("1E+12"), "must be smaller than 1000000000000 in size"),
        (Decimal("1E+999999"), "must be smaller than 1000000000000 in size"),
        (Decimal("0.000000001"), "has more than 8 decimal places"),
        (Decimal("1E-999999"), "has more than 8 decimal places"),
    ],
)
def test_a_number_that_can_not_be_used_is_told_why(value: object, fault: str | None) -> None:
    assert number_fault(value) == fault


@pytest.mark.parametrize(
    ("value", "spelling"),
    [("1.50", "1.5"), ("100", "100"), ("1E+2", "100"), ("0.00", "0"), ("-0", "0"), ("-0.250", "-0.25")],
)
def test_a_number_has_one_canonical_spelling(value: str, spelling: str) -> None:
    assert canonical(Decimal(value)) == spelling
