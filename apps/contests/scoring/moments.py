"""Means, medians, spreads and ranks of decimal numbers, with no binary float in between."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from apps.contests.scoring.rounding import quotient, square_root

HALF = Decimal("0.5")
TOO_FEW_TO_CORRELATE = 2


def mean(values: Sequence[Decimal]) -> Decimal:
    """Arithmetic mean of at least one value, to the working places."""
    return quotient(sum(values, Decimal(0)), len(values))


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value, or exactly half the sum of the two middle ones."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) * HALF


def variance_scaled(values: Sequence[Decimal]) -> Decimal:
    """n·Σx² - (Σx)², n² times the population variance: exact, zero only if all are equal."""
    total = sum(values, Decimal(0))
    return len(values) * sum((value * value for value in values), Decimal(0)) - total * total


def standard_deviation(values: Sequence[Decimal]) -> Decimal:
    """Population standard deviation (divisor n), to the working places."""
    return quotient(square_root(variance_scaled(values)), len(values))


def mid_ranks(values: Sequence[Decimal]) -> list[Decimal]:
    """The ordinal of each value, the highest being 1; equal values share the mean of the places they cover.

    (9, 7, 7, 5) gives 1, 2.5, 2.5, 4, so that the ordinals of n values always add up to n(n+1)/2.
    """
    ordered = sorted(values, reverse=True)
    first: dict[Decimal, int] = {}
    count: dict[Decimal, int] = {}
    for position, value in enumerate(ordered, start=1):
        first.setdefault(value, position)
        count[value] = count.get(value, 0) + 1
    return [first[value] + (count[value] - 1) * HALF for value in values]


def spearman(left: Sequence[Decimal], right: Sequence[Decimal]) -> Decimal | None:
    """Spearman's rank correlation, with ties: Pearson's correlation of the mid-ranks.

    None for fewer than three pairs or where one side is all equal: there is no order to compare.
    """
    size = len(left)
    if size <= TOO_FEW_TO_CORRELATE:
        return None
    first, second = mid_ranks(left), mid_ranks(right)
    spread = variance_scaled(first) * variance_scaled(second)
    if spread == 0:
        return None
    products = sum((a * b for a, b in zip(first, second, strict=True)), Decimal(0))
    covariance = size * products - sum(first, Decimal(0)) * sum(second, Decimal(0))
    return quotient(covariance, square_root(spread))
