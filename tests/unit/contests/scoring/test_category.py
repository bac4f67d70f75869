from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.contests.scoring.category import EntryFault, EntryResult, Problem, score_category
from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.marks import CategorySheet, Deduction, DeductionStage, Entry, EntryStatus
from apps.contests.scoring.panel import PanelFault, Use
from apps.contests.scoring.rule import Aggregation, MissingMarks, Normalisation, ScoringRule, Unit
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from tests.unit.contests.scoring.sheets import sheet_of

OMIT = ScoringRule(missing=MissingMarks.OMIT)
TECHNICAL = ScoringRule(technical_points=True)


def results(sheet: CategorySheet, rule: ScoringRule) -> dict[str, EntryResult]:
    return dict(score_category(sheet, rule).by_entry)


def totals(sheet: CategorySheet, rule: ScoringRule) -> dict[str, str | None]:
    return {key: None if result.total is None else str(result.total) for key, result in results(sheet, rule).items()}


def places(sheet: CategorySheet, rule: ScoringRule) -> dict[str, int | None]:
    return {key: result.place for key, result in results(sheet, rule).items()}


def test_the_panel_score_is_rounded_before_the_factor_and_after_it() -> None:
    """7.625 becomes 7.63; times 0.8 is 6.104, so 6.10. Rounding once would give 6.10 too, but 12.21 for 1.6."""
    sheet = sheet_of({"a": {"skills": "7.25 8", "style": "7.25 8"}}, factors={"skills": "0.8", "style": "1.6"})
    entry = results(sheet, ScoringRule())["a"]
    assert [str(unit.panel.score) for unit in entry.units] == ["7.63", "7.63"]
    assert [str(unit.score) for unit in entry.units] == ["6.10", "12.21"]
    assert (str(entry.component_total), str(entry.total)) == ("18.31", "18.31")


def test_rounding_twice_is_not_rounding_once() -> None:
    """7.125 * 1.6 = 11.40; but 7.13 * 1.6 = 11.408, so 11.41."""
    assert totals(sheet_of({"a": {"skills": "7 7.25"}}, factors={"skills": "1.6"}), ScoringRule()) == {"a": "11.41"}


def test_technical_points_are_added_and_deductions_taken() -> None:
    entry = Entry("a", technical_points=Decimal("30.27"), deductions=(Deduction(Decimal(2)),))
    result = results(sheet_of({"a": {"skills": "7 8"}}, entries={"a": entry}), TECHNICAL)["a"]
    assert (result.subtotal, result.deductions, result.total) == (
        Decimal("37.77"),
        Decimal(2),
        Decimal("35.77"),
    )


def test_deductions_of_the_contest_are_not_taken_from_the_category() -> None:
    entry = Entry("a", deductions=(Deduction(Decimal(2), DeductionStage.CONTEST),))
    assert totals(sheet_of({"a": {"skills": "7 8"}}, entries={"a": entry}), ScoringRule()) == {"a": "7.50"}


def test_technical_points_that_are_not_known_yet_leave_no_total_and_zero_does() -> None:
    sheet = sheet_of(
        {"a": {"skills": "7"}, "b": {"skills": "7"}}, entries={"b": Entry("b", technical_points=Decimal(0))}
    )
    result = score_category(sheet, TECHNICAL)
    assert {entry.key: entry.total for entry in result.entries} == {"a": None, "b": Decimal(7)}
    assert result.problems == (Problem("a", EntryFault.TECHNICAL_POINTS_MISSING),)
    assert totals(sheet, ScoringRule()) == {"a": "7.00", "b": "7.00"}


def test_a_category_without_criteria_is_decided_by_technical_points() -> None:
    sheet = CategorySheet(("J1",), (), (Entry("a", technical_points=Decimal(3)),), ())
    assert totals(sheet, TECHNICAL) == {"a": "3"}
    assert totals(sheet, replace(TECHNICAL, unit=Unit.JUDGE_TOTAL)) == {"a": "3"}


def test_one_criterion_without_a_panel_score_leaves_the_entry_without_a_total() -> None:
    sheet = sheet_of({"a": {"skills": "9 9", "style": "9 -"}, "b": {"skills": "1 1", "style": "0 0"}})
    result = score_category(sheet, ScoringRule())
    assert [(entry.key, entry.place, entry.total) for entry in result.entries] == [
        ("b", 1, Decimal("1.00")),
        ("a", None, None),
    ]
    assert result.problems == (Problem("a", PanelFault.MISSING_MARK, "style", ("J2",)),)
    assert totals(sheet, OMIT) == {"a": "18.00", "b": "1.00"}


@pytest.mark.parametrize("status", [EntryStatus.NO_SHOW, EntryStatus.WITHDRAWN, EntryStatus.DISQUALIFIED])
def test_who_does_not_compete_has_marks_but_no_total_no_place_and_no_problem(status: EntryStatus) -> None:
    sheet = sheet_of(
        {"a": {"skills": "9 9"}, "b": {"skills": "5 5"}, "c": {"skills": "9 -"}},
        entries={"a": Entry("a", status), "c": Entry("c", status)},
    )
    result = score_category(sheet, ScoringRule())
    assert [(entry.key, entry.place, entry.total, entry.component_total) for entry in result.entries] == [
        ("b", 1, Decimal(5), Decimal(5)),
        ("a", None, None, None),
        ("c", None, None, None),
    ]
    assert result.problems == ()
    marks = result.by_entry["a"].units[0].panel.values
    assert [(mark.value.raw, mark.use) for mark in marks] == [(Decimal(9), Use.PENDING)] * 2


def test_a_recusal_wins_over_a_mark_given_before() -> None:
    sheet = sheet_of({"a": {"skills": "9 5"}, "b": {"skills": "9 5"}}, recusals=frozenset({("J1", "a")}))
    assert totals(sheet, ScoringRule()) == {"a": "5.00", "b": "7.00"}


def test_a_criterion_breaks_a_tie() -> None:
    sheet = sheet_of({"a": {"skills": "6", "style": "8"}, "b": {"skills": "8", "style": "6"}})
    by_skills = replace(OMIT, tie_breakers=(TieBreaker(TieBreakerKind.CRITERION, "skills"),))
    result = score_category(sheet, by_skills)
    assert [(entry.key, entry.place, entry.decided_by) for entry in result.entries] == [
        ("b", 1, ("criterion:skills",)),
        ("a", 2, ("criterion:skills",)),
    ]


def test_a_tie_breaker_about_a_criterion_that_is_not_there_is_refused() -> None:
    rule = replace(OMIT, tie_breakers=(TieBreaker(TieBreakerKind.CRITERION, "flair"),))
    with pytest.raises(InvalidRule) as caught:
        score_category(sheet_of({"a": {"skills": "6"}}), rule)
    assert [error.pointer for error in caught.value.errors] == ["#/tie_breakers/0/of"]


def test_judges_totals_can_be_trimmed_whole() -> None:
    """Totals with factors are 26, 17, 24 and 9: the first and the last judge's are dropped, 20.5 is left."""
    sheet = sheet_of({"a": {"skills": "9 6 8 4", "style": "8 5 8 1"}}, factors={"skills": "2"})
    rule = ScoringRule(
        aggregation=Aggregation.TRIMMED_MEAN, drop_high=1, drop_low=1, minimum_panel=3, unit=Unit.JUDGE_TOTAL
    )
    entry = results(sheet, rule)["a"]
    (unit,) = entry.units
    assert [value.value.raw for value in unit.panel.values] == [Decimal(number) for number in (26, 17, 24, 9)]
    assert [value.use.value for value in unit.panel.values] == [
        "dropped_high",
        "counted",
        "counted",
        "dropped_low",
    ]
    assert (unit.unit, entry.component_total, entry.total) == (None, Decimal("20.50"), Decimal("20.50"))


@pytest.mark.parametrize(
    ("style", "state"),
    [("9 -", "missing"), ("9 absent", "absent"), ("9 abstained", "abstained")],
)
def test_half_a_scorecard_is_no_judges_total(style: str, state: str) -> None:
    sheet = sheet_of({"a": {"skills": "9 2", "style": style}})
    (unit,) = results(sheet, replace(OMIT, unit=Unit.JUDGE_TOTAL))["a"].units
    assert unit.panel.values[1].value.state.value == state
    assert unit.score == Decimal(18)


def test_ordinals_are_won_by_the_lowest_total_and_deductions_still_make_it_worse() -> None:
    sheet = sheet_of(
        {"a": {"skills": "9 7 8"}, "b": {"skills": "8 9 9"}, "c": {"skills": "1 1 1"}},
        entries={"b": Entry("b", deductions=(Deduction(Decimal("0.5")),))},
    )
    rule = ScoringRule(normalisation=Normalisation.RANK)
    assert totals(sheet, rule) == {"a": "1.67", "b": "1.83", "c": "3.00"}
    assert places(sheet, rule) == {"a": 1, "b": 2, "c": 3}


def test_technical_points_make_a_total_of_ordinals_better() -> None:
    sheet = sheet_of(
        {"a": {"skills": "9"}, "b": {"skills": "8"}},
        entries={key: Entry(key, technical_points=Decimal(points)) for key, points in (("a", 0), ("b", 2))},
    )
    rule = ScoringRule(normalisation=Normalisation.RANK, technical_points=True)
    assert totals(sheet, rule) == {"a": "1.00", "b": "0.00"}
    assert places(sheet, rule) == {"a": 2, "b": 1}


def test_with_z_scores_a_judge_who_uses_the_whole_scale_does_not_outweigh_the_others() -> None:
    sheet = sheet_of({"a": {"skills": "0 7.2 7.2"}, "b": {"skills": "10 7.1 7.1"}})
    assert places(sheet, ScoringRule()) == {"a": 2, "b": 1}
    assert places(sheet, ScoringRule(normalisation=Normalisation.Z_SCORE)) == {"a": 1, "b": 2}


def test_raw_marks_are_shown_beside_the_adjusted_ones() -> None:
    sheet = sheet_of({"a": {"skills": "9 7"}, "b": {"skills": "5 8"}})
    (unit,) = results(sheet, ScoringRule(normalisation=Normalisation.Z_SCORE))["a"].units
    assert [(value.value.raw, value.value.adjusted) for value in unit.panel.values] == [
        (Decimal(9), Decimal(1)),
        (Decimal(7), Decimal(-1)),
    ]


def test_a_judge_without_variance_leaves_the_entries_they_marked_without_a_total() -> None:
    sheet = sheet_of({"a": {"skills": "9 7"}, "b": {"skills": "5 7"}, "c": {"skills": "4 absent"}})
    result = score_category(sheet, ScoringRule(normalisation=Normalisation.Z_SCORE))
    assert {entry.key: entry.place for entry in result.entries} == {"c": 1, "a": None, "b": None}
    assert result.problems == (
        Problem("a", PanelFault.NORMALISATION_UNDEFINED, "skills", ("J2",)),
        Problem("b", PanelFault.NORMALISATION_UNDEFINED, "skills", ("J2",)),
    )


@pytest.mark.parametrize("normalisation", [Normalisation.Z_SCORE, Normalisation.RANK])
def test_a_disqualified_entrys_marks_move_nobody_elses(normalisation: Normalisation) -> None:
    marks = {"a": {"skills": "9 6"}, "b": {"skills": "7 8"}, "c": {"skills": "5 5"}}
    rule = ScoringRule(normalisation=normalisation)
    entries = {"x": Entry("x", EntryStatus.DISQUALIFIED)}
    with_it = totals(sheet_of(marks | {"x": {"skills": "8 7"}}, entries=entries), rule)
    assert with_it == totals(sheet_of(marks), rule) | {"x": None}


def test_a_floor_holds_in_the_category() -> None:
    entry = Entry("a", deductions=(Deduction(Decimal(9)),))
    sheet = sheet_of({"a": {"skills": "7"}}, entries={"a": entry})
    assert totals(sheet, ScoringRule(deduction_floor=Decimal(0))) == {"a": "0"}
    assert totals(sheet, ScoringRule()) == {"a": "-2.00"}
