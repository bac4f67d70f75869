from __future__ import annotations

from decimal import Decimal

from hypothesis import given

from apps.contests.scoring.category import score_category
from apps.contests.scoring.judge_statistics import Flag, JudgeStatistics, judge_statistics
from apps.contests.scoring.marks import CategorySheet, Entry, EntryStatus
from apps.contests.scoring.rule import MissingMarks, ScoringRule
from tests.unit.contests.scoring.sheets import numbers, sheet_of
from tests.unit.contests.scoring.strategies import category_sheets

RULE = ScoringRule(missing=MissingMarks.OMIT)


def statistics(sheet: CategorySheet) -> dict[str, JudgeStatistics]:
    return {line.judge: line for line in judge_statistics(sheet, score_category(sheet, RULE))}


def test_the_figures_of_each_judge_by_hand() -> None:
    """J1 gives 8 and 6, J2 6 and 6, J3 7 and 9; the others' means for J1 are 6.5 and 7.5."""
    lines = statistics(sheet_of({"a": {"skills": "8 6 7"}, "b": {"skills": "6 6 9"}}))
    assert lines["J1"] == JudgeStatistics(
        judge="J1",
        marks=2,
        mean=Decimal(7),
        spread=Decimal(1),
        bias=Decimal(0),
        distance=Decimal("1.5"),
        rank_correlation=None,
        flags=(),
    )
    assert (lines["J2"].bias, lines["J2"].distance) == (Decimal("-1.5"), Decimal("1.5"))
    assert (lines["J3"].bias, lines["J3"].distance) == (Decimal("1.5"), Decimal("1.5"))
    assert str(lines["J3"].mean) == "8.000000"


def test_rank_correlation_is_with_the_final_places() -> None:
    """The order is a, b, c. J1 has it, J2 has it the other way round, J3 gives everybody the same."""
    lines = statistics(sheet_of({"a": {"skills": "10 7 7"}, "b": {"skills": "5 7.25 7"}, "c": {"skills": "1 7.5 7"}}))
    assert [lines[judge].rank_correlation for judge in ("J1", "J2", "J3")] == [Decimal(1), Decimal(-1), None]


def test_a_judge_without_marks_has_no_figures() -> None:
    line = statistics(sheet_of({"a": {"skills": "8 absent"}, "b": {"skills": "7 -"}}))["J2"]
    assert line == JudgeStatistics("J2", 0, None, None, None, None, None, ())


def test_a_mark_that_nobody_else_gave_is_compared_with_nothing() -> None:
    line = statistics(sheet_of({"a": {"skills": "8 -"}}))["J1"]
    assert (line.mean, line.bias, line.distance) == (Decimal(8), None, None)


def test_marks_for_who_does_not_compete_and_recused_ones_do_not_count() -> None:
    sheet = sheet_of(
        {"a": {"skills": "8 6"}, "b": {"skills": "7 7"}, "x": {"skills": "0 9"}},
        entries={"x": Entry("x", EntryStatus.DISQUALIFIED)},
        recusals=frozenset({("J1", "b")}),
    )
    assert [(line.marks, line.mean) for line in statistics(sheet).values()] == [
        (1, Decimal(8)),
        (2, Decimal("6.5")),
    ]


def flags(marks: dict[str, str]) -> dict[str, tuple[Flag, ...]]:
    lines = statistics(sheet_of({entry: {"skills": line} for entry, line in marks.items()}))
    return {judge: line.flags for judge, line in lines.items() if line.flags}


def test_a_generous_judge_stands_out_although_one_of_nine() -> None:
    assert flags(
        {
            "a": "7 7.25 7 6.75 7 7.25 7 6.75 9",
            "b": "6 6.25 6.25 6 5.75 6 6 6 8",
            "c": "5 5 5.25 5 5 4.75 5.25 5 7",
        }
    ) == {"J9": (Flag.GENEROUS, Flag.FAR_FROM_PANEL)}


def test_a_severe_judge_stands_out_where_all_others_agree() -> None:
    """More than half are equal, so the median deviation is zero and the mean deviation takes its place."""
    assert flags({"a": "7 7 7 7 7 7 7 7 3", "b": "6 6 6 6 6 6 6 6 2"}) == {"J9": (Flag.SEVERE, Flag.FAR_FROM_PANEL)}


def test_a_judge_with_another_order_stands_out() -> None:
    found = flags({"a": "9 8 9 8 9 8 5", "b": "7 7 7 7 7 7 7", "c": "5 6 5 6 5 6 9"})
    assert Flag.DIFFERENT_ORDER in found["J7"]
    assert set(found) == {"J7"}


def test_nobody_stands_out_where_all_agree_and_in_a_panel_too_small_to_tell() -> None:
    assert flags({"a": "7 7 7 7 7", "b": "6 6 6 6 6"}) == {}
    assert flags({"a": "7 7 7 0", "b": "6 6 6 0"}) == {}


@given(category_sheets(complete=True))
def test_the_biases_of_a_complete_panel_add_up_to_zero(sheet: CategorySheet) -> None:
    biases = [line.bias for line in judge_statistics(sheet, score_category(sheet, RULE))]
    if len(sheet.judges) == 1:
        assert biases == [None]
    else:
        assert abs(sum((bias for bias in biases if bias is not None), Decimal(0))) <= Decimal("0.00001")


@given(category_sheets())
def test_figures_stay_in_their_ranges(sheet: CategorySheet) -> None:
    for line in judge_statistics(sheet, score_category(sheet, RULE)):
        assert (line.mean is None) == (line.marks == 0)
        assert line.bias is None or abs(line.bias) <= (line.distance or Decimal(0))
        assert line.rank_correlation is None or abs(line.rank_correlation) <= 1
        assert line.spread is None or line.spread >= 0


def test_marks_on_a_wide_scale_keep_all_their_digits() -> None:
    sheet = sheet_of({"a": {"skills": "99999999999.9999 0.0001"}})
    assert [line.bias for line in statistics(sheet).values()] == numbers("99999999999.9998 -99999999999.9998")
