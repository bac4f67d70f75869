from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.contests.scoring.normalise import Normalised, Undefined, normalise
from apps.contests.scoring.rule import Normalisation, ScoringRule
from tests.unit.contests.scoring.sheets import numbers

Z_SCORE = ScoringRule(normalisation=Normalisation.Z_SCORE)
RANK = ScoringRule(normalisation=Normalisation.RANK)

quarters = st.integers(0, 40).map(lambda number: Decimal(number) / 4)


def test_without_normalisation_marks_stay_as_they_are() -> None:
    assert normalise(numbers("7 8"), ScoringRule(normalisation_minimum=9)) == Normalised((Decimal(7), Decimal(8)))


def test_z_scores_are_distances_from_the_mean_in_standard_deviations() -> None:
    assert normalise(numbers("2 4 4 4 5 5 7 9"), Z_SCORE).values == tuple(numbers("-1.5 -0.5 -0.5 -0.5 0 0 1 2"))


def test_z_scores_have_twenty_places_half_up() -> None:
    """Of (1, 2, 3): -3/sqrt(6), 0, 3/sqrt(6)."""
    assert [format(value, "f") for value in normalise(numbers("1 2 3"), Z_SCORE).values] == [
        "-1.22474487139158904910",
        "0.00000000000000000000",
        "1.22474487139158904910",
    ]


def test_z_scores_of_equal_marks_are_undefined_and_not_zero() -> None:
    assert normalise(numbers("7 7.0 7.00"), Z_SCORE) == Normalised((), Undefined.NO_VARIANCE)


def test_a_judge_below_the_minimum_is_undefined() -> None:
    assert normalise(numbers("7"), Z_SCORE) == Normalised((), Undefined.TOO_FEW_MARKS)
    strict = ScoringRule(normalisation=Normalisation.RANK, normalisation_minimum=4)
    assert normalise(numbers("7 8 9"), strict) == Normalised((), Undefined.TOO_FEW_MARKS)


def test_ranks_give_the_highest_mark_a_one_and_share_between_equal_marks() -> None:
    assert normalise(numbers("7 9 7 5"), RANK).values == tuple(numbers("2.5 1 2.5 4"))


@given(st.lists(quarters, min_size=2, max_size=12), quarters, st.integers(1, 5))
def test_a_judges_own_scale_makes_no_difference(marks: list[Decimal], shift: Decimal, stretch: int) -> None:
    """Severe or generous, narrow or wide: the same order and distances give the same values."""
    for rule in (Z_SCORE, RANK):
        there, here = normalise([mark * stretch + shift for mark in marks], rule), normalise(marks, rule)
        assert there.undefined == here.undefined
        for one, other in zip(there.values, here.values, strict=True):
            assert abs(one - other) <= Decimal("1E-18")


@given(st.lists(quarters, min_size=2, max_size=12))
def test_the_order_of_a_judge_is_kept(marks: list[Decimal]) -> None:
    scores, ordinals = normalise(marks, Z_SCORE), normalise(marks, RANK)
    for one, mark in enumerate(marks):
        for other, rival in enumerate(marks):
            assert (mark > rival) == (ordinals.values[one] < ordinals.values[other])
            if scores.undefined is None:
                assert (mark > rival) == (scores.values[one] > scores.values[other])
