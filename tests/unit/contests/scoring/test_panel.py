from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.contests.scoring.marks import MarkState
from apps.contests.scoring.panel import JudgeValue, PanelFault, PanelScore, Use, score_panel, trim
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.rule import Aggregation, MissingMarks, ScoringRule

TRIMMED = ScoringRule(
    aggregation=Aggregation.TRIMMED_MEAN,
    drop_high=1,
    drop_low=1,
    minimum_panel=3,
    missing=MissingMarks.OMIT,
)
LOW, HIGH, COUNTED, OMITTED = Use.DROPPED_LOW, Use.DROPPED_HIGH, Use.COUNTED, Use.OMITTED


def seats(*values: str) -> list[JudgeValue]:
    """One seat a word: a number, or a state."""
    panel = []
    for number, word in enumerate(values, start=1):
        if word in set(MarkState):
            panel.append(JudgeValue(f"J{number}", MarkState(word)))
        else:
            panel.append(JudgeValue(f"J{number}", MarkState.SCORED, Decimal(word), Decimal(word)))
    return panel


def uses(panel: PanelScore) -> list[Use]:
    return [value.use for value in panel.values]


def test_a_trimmed_mean_drops_one_mark_at_each_end() -> None:
    panel = score_panel(seats("8", "6", "7.5", "9", "7"), TRIMMED)
    assert uses(panel) == [COUNTED, LOW, COUNTED, HIGH, COUNTED]
    assert (panel.exact, panel.score) == (Decimal("7.5"), Decimal("7.50"))


def test_only_one_of_several_equal_extremes_is_dropped() -> None:
    panel = score_panel(seats("6", "9", "6", "9", "7"), TRIMMED)
    assert uses(panel) == [LOW, COUNTED, COUNTED, HIGH, COUNTED]
    assert str(panel.score) == "7.33"


def test_where_all_marks_are_equal_the_first_and_the_last_seat_are_dropped() -> None:
    assert uses(score_panel(seats("7", "7", "7", "7"), TRIMMED)) == [LOW, COUNTED, COUNTED, HIGH]


def test_several_marks_can_be_dropped_at_each_end() -> None:
    rule = replace(TRIMMED, drop_low=2, drop_high=1, minimum_panel=4)
    assert uses(score_panel(seats("5", "9", "4", "6", "8"), rule)) == [LOW, HIGH, LOW, COUNTED, COUNTED]


def test_an_absent_judge_is_no_zero_and_marks_are_dropped_from_those_present() -> None:
    panel = score_panel(seats("8", "absent", "6", "9", "7"), TRIMMED)
    assert uses(panel) == [COUNTED, OMITTED, LOW, HIGH, COUNTED]
    assert panel.score == Decimal("7.50")


def test_a_zero_is_a_mark_like_any_other() -> None:
    panel = score_panel(seats("0", "9", "6"), ScoringRule())
    assert (uses(panel), panel.score) == ([COUNTED, COUNTED, COUNTED], Decimal("5.00"))


@pytest.mark.parametrize("state", ["absent", "abstained", "recused"])
@pytest.mark.parametrize("missing", list(MissingMarks))
def test_a_mark_that_nobody_waits_for_is_left_out_under_either_policy(state: str, missing: MissingMarks) -> None:
    panel = score_panel(seats("8", state, "6"), ScoringRule(missing=missing))
    assert (panel.score, panel.fault) == (Decimal("7.00"), None)


def test_a_missing_mark_is_left_out_or_blocks() -> None:
    panel = seats("8", "missing", "6", "missing")
    assert score_panel(panel, ScoringRule(missing=MissingMarks.OMIT)).score == Decimal("7.00")
    blocked = score_panel(panel, ScoringRule(missing=MissingMarks.BLOCK))
    assert (blocked.score, blocked.exact, blocked.fault) == (None, None, PanelFault.MISSING_MARK)
    assert blocked.faulty == ("J2", "J4")
    assert uses(blocked) == [Use.PENDING, OMITTED, Use.PENDING, OMITTED]


def test_a_panel_below_the_minimum_has_no_score() -> None:
    assert score_panel(seats("8", "7", "9"), TRIMMED).score == Decimal("8.00")
    small = score_panel(seats("8", "7", "absent"), TRIMMED)
    assert (small.score, small.fault) == (None, PanelFault.PANEL_TOO_SMALL)


def test_an_undefined_adjusted_value_leaves_the_panel_without_a_score() -> None:
    panel = [*seats("8", "7"), JudgeValue("J3", MarkState.SCORED, Decimal(9))]
    score = score_panel(panel, ScoringRule())
    assert (score.score, score.fault, score.faulty) == (None, PanelFault.NORMALISATION_UNDEFINED, ("J3",))


@pytest.mark.parametrize(
    ("aggregation", "marks", "score"),
    [
        (Aggregation.MEAN, ("7", "8", "8"), "7.67"),
        (Aggregation.SUM, ("7.25", "8", "absent"), "15.25"),
        (Aggregation.MEDIAN, ("9", "7", "8"), "8.00"),
        (Aggregation.MEDIAN, ("9", "7", "8", "7.25"), "7.63"),
    ],
)
def test_each_aggregation(aggregation: Aggregation, marks: tuple[str, ...], score: str) -> None:
    assert str(score_panel(seats(*marks), ScoringRule(aggregation=aggregation)).score) == score


@pytest.mark.parametrize(
    ("mode", "places", "score"),
    [
        (Rounding.HALF_UP, 2, "7.63"),
        (Rounding.HALF_EVEN, 2, "7.62"),
        (Rounding.DOWN, 1, "7.6"),
        (Rounding.UP, 1, "7.7"),
        (Rounding.HALF_UP, 0, "8"),
    ],
)
def test_the_panel_score_is_rounded_as_the_rule_says(mode: Rounding, places: int, score: str) -> None:
    rule = ScoringRule(panel_rounding=mode, panel_places=places)
    assert str(score_panel(seats("7.25", "8.00"), rule).score) == score


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 4).map(Decimal)), max_size=12),
    drop_low=st.integers(0, 3),
    drop_high=st.integers(0, 3),
)
def test_trimming_drops_exactly_as_many_as_declared_and_only_extremes(
    values: list[Decimal | None], drop_low: int, drop_high: int
) -> None:
    present = [value for value in values if value is not None]
    assume(len(present) > drop_low + drop_high)
    trimmed = trim(values, drop_low=drop_low, drop_high=drop_high)
    by_use: dict[Use, list[Decimal]] = {LOW: [], HIGH: [], COUNTED: []}
    for seat, use in trimmed:
        value = values[seat]
        assert value is not None
        by_use[use].append(value)
    assert sorted(seat for seat, _ in trimmed) == [seat for seat, value in enumerate(values) if value is not None]
    assert (len(by_use[LOW]), len(by_use[HIGH])) == (drop_low, drop_high)
    assert max(by_use[LOW], default=Decimal(0)) <= min(by_use[COUNTED])
    assert max(by_use[COUNTED]) <= min(by_use[HIGH], default=Decimal(4))
