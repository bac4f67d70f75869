"""What holds for every category, whatever the marks and the rule."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import assume, given
from hypothesis import strategies as st

from apps.contests.scoring.category import CategoryResult, score_category
from apps.contests.scoring.marks import CategorySheet, Entry, EntryStatus, Mark, MarkState
from apps.contests.scoring.panel import Use
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.rule import Aggregation, Normalisation, ScoringRule
from tests.unit.contests.scoring.strategies import category_sheets, scoring_rules


def places(result: CategoryResult) -> dict[str, int | None]:
    return {entry.key: entry.place for entry in result.entries}


def totals(result: CategoryResult) -> dict[str, Decimal | None]:
    return {entry.key: entry.total for entry in result.entries}


@given(category_sheets(), scoring_rules(), st.data())
def test_the_order_of_marks_does_not_matter(sheet: CategorySheet, rule: ScoringRule, data: st.DataObject) -> None:
    shuffled = replace(sheet, marks=tuple(data.draw(st.permutations(sheet.marks))))
    assert score_category(shuffled, rule) == score_category(sheet, rule)


@given(category_sheets(), scoring_rules(), st.data())
def test_the_order_of_seats_changes_no_total_and_no_place(
    sheet: CategorySheet, rule: ScoringRule, data: st.DataObject
) -> None:
    """It only decides which of equal extremes is called the dropped one."""
    reseated = replace(sheet, judges=tuple(data.draw(st.permutations(sheet.judges))))
    one, other = score_category(sheet, rule), score_category(reseated, rule)
    assert (places(one), totals(one)) == (places(other), totals(other))


@given(category_sheets(), scoring_rules(), st.data())
def test_ties_are_symmetric(sheet: CategorySheet, rule: ScoringRule, data: st.DataObject) -> None:
    """Nobody is ahead for being listed earlier: another starting order gives everyone the same place."""
    reordered = replace(sheet, entries=tuple(data.draw(st.permutations(sheet.entries))))
    one, other = score_category(sheet, rule), score_category(reordered, rule)
    assert places(one) == places(other)
    assert {entry.key: (entry.shared, entry.decided_by) for entry in one.entries} == {
        entry.key: (entry.shared, entry.decided_by) for entry in other.entries
    }


@given(category_sheets(), scoring_rules())
def test_entries_with_the_same_marks_share_their_place(sheet: CategorySheet, rule: ScoringRule) -> None:
    original = sheet.entries[0]
    twins = replace(
        sheet,
        entries=(*sheet.entries, replace(original, key="twin")),
        marks=(*sheet.marks, *(replace(mark, entry="twin") for mark in sheet.marks if mark.entry == original.key)),
        recusals=sheet.recusals | {(judge, "twin") for judge, key in sheet.recusals if key == original.key},
    )
    result = score_category(twins, rule).by_entry
    assert result["twin"].place == result[original.key].place
    assert result["twin"].shared == (result["twin"].place is not None)


@given(category_sheets(), scoring_rules(), st.integers(1, 30), st.data())
def test_adding_a_constant_to_all_marks_of_a_criterion_keeps_places(
    sheet: CategorySheet, rule: ScoringRule, constant: int, data: st.DataObject
) -> None:
    """Where the constant itself rounds to itself, nothing is a percentage of the total, and panels are averaged."""
    rule = replace(
        rule,
        panel_places=2,
        factor_places=2,
        panel_rounding=data.draw(st.sampled_from([Rounding.HALF_UP, Rounding.DOWN, Rounding.UP])),
        factor_rounding=Rounding.HALF_UP,
        deduction_floor=None,
    )
    assume(rule.aggregation is not Aggregation.SUM or rule.normalisation is not Normalisation.NONE)
    plain = replace(sheet, entries=tuple(replace(entry, deductions=()) for entry in sheet.entries))
    raised = data.draw(st.sampled_from(sheet.criteria)).key
    higher = replace(
        plain, marks=tuple(_raise(mark, constant) if mark.criterion == raised else mark for mark in plain.marks)
    )
    one, other = score_category(plain, rule), score_category(higher, rule)
    assert places(one) == places(other)
    if rule.normalisation is not Normalisation.NONE:
        assert totals(one) == totals(other)


def _raise(mark: Mark, constant: int) -> Mark:
    return mark if mark.value is None else replace(mark, value=mark.value + constant)


@given(category_sheets(complete=True), scoring_rules())
def test_a_dominated_contestant_is_never_ahead(sheet: CategorySheet, rule: ScoringRule) -> None:
    """Of the first two entries one gets the higher of each pair of marks, the other the lower."""
    assume(len(sheet.entries) > 1)
    better, worse = sheet.entries[0].key, sheet.entries[1].key
    given_marks = {(mark.judge, mark.criterion, mark.entry): mark.value or Decimal(0) for mark in sheet.marks}
    choose = {better: max, worse: min}
    marks = tuple(
        replace(
            mark,
            value=choose[mark.entry](given_marks[mark.judge, mark.criterion, key] for key in (better, worse)),
        )
        if mark.entry in choose
        else mark
        for mark in sheet.marks
    )
    entries = tuple(Entry(entry.key, technical_points=Decimal(5)) for entry in sheet.entries)
    place = places(score_category(replace(sheet, marks=marks, entries=entries), rule))
    ahead, behind = place[better], place[worse]
    assert (ahead is None) == (behind is None)
    assert ahead is None or behind is None or ahead <= behind


@given(category_sheets(), scoring_rules(), st.data())
def test_whoever_does_not_compete_could_as_well_not_be_there(
    sheet: CategorySheet, rule: ScoringRule, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sheet.entries)).key
    status = data.draw(st.sampled_from([EntryStatus.WITHDRAWN, EntryStatus.NO_SHOW, EntryStatus.DISQUALIFIED]))
    listed = replace(
        sheet,
        entries=tuple(replace(entry, status=status) if entry.key == gone else entry for entry in sheet.entries),
    )
    removed = replace(
        sheet,
        entries=tuple(entry for entry in sheet.entries if entry.key != gone),
        marks=tuple(mark for mark in sheet.marks if mark.entry != gone),
        recusals=frozenset(pair for pair in sheet.recusals if pair[1] != gone),
    )
    with_it, without = score_category(listed, rule), score_category(removed, rule)
    assert tuple(entry for entry in with_it.entries if entry.key != gone) == without.entries
    assert (with_it.by_entry[gone].place, with_it.by_entry[gone].total) == (None, None)


@given(category_sheets(), scoring_rules())
def test_places_go_to_those_with_a_total_and_the_others_come_last(sheet: CategorySheet, rule: ScoringRule) -> None:
    result = score_category(sheet, rule)
    assert [entry.place is not None for entry in result.entries] == [
        entry.total is not None for entry in result.entries
    ]
    placed = [entry.place for entry in result.entries if entry.place is not None]
    assert placed == sorted(placed)
    assert [entry.place for entry in result.entries[len(placed) :]] == [None] * (len(result.entries) - len(placed))
    explained = {problem.entry for problem in result.problems}
    competing = {entry.key for entry in result.entries if entry.status is EntryStatus.ENTERED}
    assert explained == {key for key in competing if result.by_entry[key].total is None}


@given(category_sheets(), scoring_rules())
def test_every_panel_drops_what_the_rule_declares_and_counts_the_rest(
    sheet: CategorySheet, rule: ScoringRule
) -> None:
    for entry in score_category(sheet, rule).entries:
        for unit in entry.units:
            uses = [value.use for value in unit.panel.values]
            present = sum(value.value.state is MarkState.SCORED for value in unit.panel.values)
            assert len(uses) == len(sheet.judges)
            assert uses.count(Use.OMITTED) == len(uses) - present
            if unit.panel.score is None:
                assert uses.count(Use.PENDING) == present
            else:
                assert uses.count(Use.DROPPED_LOW) == rule.drop_low
                assert uses.count(Use.DROPPED_HIGH) == rule.drop_high
                assert uses.count(Use.COUNTED) == present - rule.drop_low - rule.drop_high


@given(
    category_sheets(),
    scoring_rules().filter(lambda rule: rule.normalisation is Normalisation.NONE),
)
def test_panel_and_criterion_scores_are_those_of_fractions(sheet: CategorySheet, rule: ScoringRule) -> None:
    """Computed a second time with rational numbers, which never lose a digit."""
    for entry in score_category(sheet, rule).entries:
        for unit in entry.units:
            if unit.panel.score is None:
                continue
            raw = sorted(Fraction(value.value.raw) for value in unit.panel.values if value.value.raw is not None)
            panel = _rounded(_aggregated(raw, rule), rule.panel_places, rule.panel_rounding)
            assert Fraction(unit.panel.score) == panel
            if unit.unit is not None:
                exact = panel * Fraction(unit.factor)
                assert Fraction(unit.score or 0) == _rounded(exact, rule.factor_places, rule.factor_rounding)


def _aggregated(ordered: list[Fraction], rule: ScoringRule) -> Fraction:
    if rule.aggregation is Aggregation.SUM:
        return sum(ordered, Fraction(0))
    middle = len(ordered) // 2
    if rule.aggregation is Aggregation.MEDIAN:
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    kept = ordered[rule.drop_low : len(ordered) - rule.drop_high]
    return sum(kept, Fraction(0)) / len(kept)


def _rounded(value: Fraction, places: int, mode: Rounding) -> Fraction:
    """Of a number that is not negative."""
    scaled = value * 10**places
    whole = floor(scaled)
    rest = scaled - whole
    up = {
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
        Rounding.HALF_UP: rest >= Fraction(1, 2),
        Rounding.HALF_EVEN: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
    }
    return Fraction(whole + up[mode], 10**places)
