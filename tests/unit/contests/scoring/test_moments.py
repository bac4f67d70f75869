from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.contests.scoring.moments import (
    mean,
    median,
    mid_ranks,
    spearman,
    standard_deviation,
    variance_scaled,
)
from tests.unit.contests.scoring.sheets import numbers

values = st.lists(st.integers(-40, 40).map(lambda quarters: Decimal(quarters) / 4), min_size=1, max_size=12)


def test_a_median_is_the_middle_value_or_half_the_sum_of_two() -> None:
    assert median(numbers("9 1 5")) == Decimal(5)
    assert median(numbers("9 1 5 5.25")) == Decimal("5.125")


def test_the_standard_deviation_is_that_of_the_population() -> None:
    assert mean(numbers("2 4 4 4 5 5 7 9")) == Decimal(5)
    assert standard_deviation(numbers("2 4 4 4 5 5 7 9")) == Decimal(2)


def test_equal_values_share_the_mean_of_the_places_they_cover() -> None:
    assert mid_ranks(numbers("7 9 7.0 5")) == numbers("2.5 1 2.5 4")


def test_rank_correlation_of_a_textbook_example() -> None:
    """Without ties: 1 - 6 * Σd² / (n(n² - 1)), here 1 - 6 * 4 / 120."""
    assert spearman(numbers("1 2 3 4 5"), numbers("2 1 4 3 5")) == Decimal("0.8")


def test_rank_correlation_with_ties_is_pearsons_of_the_mid_ranks() -> None:
    """Ranks (1, 2.5, 2.5, 4) and (1, 2, 3, 4): 4.5 / sqrt(4.5 * 5)."""
    assert str(spearman(numbers("9 8 8 7"), numbers("9 8 7 6"))) == "0.94868329805051379960"


def test_the_same_order_correlates_fully_and_the_reverse_fully_against() -> None:
    assert spearman(numbers("1 2 9"), numbers("3 4 5")) == Decimal(1)
    assert spearman(numbers("1 2 9"), numbers("5 4 3")) == Decimal(-1)


def test_there_is_no_correlation_of_two_pairs_or_of_equal_values() -> None:
    assert spearman(numbers("1 2"), numbers("1 2")) is None
    assert spearman(numbers("1 2 3"), numbers("4 4 4")) is None


@given(values)
def test_mid_ranks_always_add_up_to_the_same(sample: list[Decimal]) -> None:
    assert sum(mid_ranks(sample)) == Decimal(len(sample) * (len(sample) + 1)) / 2


@given(values, st.integers(-9, 9))
def test_a_shift_changes_no_spread_and_no_rank(sample: list[Decimal], shift: int) -> None:
    shifted = [value + shift for value in sample]
    assert variance_scaled(shifted) == variance_scaled(sample)
    assert mid_ranks(shifted) == mid_ranks(sample)


@given(values)
def test_the_variance_is_zero_only_if_all_values_are_equal(sample: list[Decimal]) -> None:
    assert (variance_scaled(sample) == 0) == (len(set(sample)) == 1)
    assert variance_scaled(sample) >= 0
