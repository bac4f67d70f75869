from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from apps.contests.scoring.category import score_category
from apps.contests.scoring.contest import (
    Contestant,
    ContestantResult,
    ContestResult,
    WeightedCategory,
    score_contest,
)
from apps.contests.scoring.contest_rule import Combination, ContestRule, Incomplete
from apps.contests.scoring.errors import InvalidRule, InvalidSheet
from apps.contests.scoring.marks import Deduction, DeductionStage, Entry, EntryStatus
from apps.contests.scoring.rule import Normalisation, ScoringRule
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from tests.unit.contests.scoring.sheets import sheet_of

PLACEMENTS = ContestRule(combination=Combination.SUM_OF_PLACEMENTS)
ORDINALS = ScoringRule(normalisation=Normalisation.RANK)


def category(
    key: str, marks: Mapping[str, str], *, weight: str = "1", rule: ScoringRule | None = None
) -> WeightedCategory:
    """A category of one criterion, `skills`."""
    sheet = sheet_of({entry: {"skills": line} for entry, line in marks.items()})
    return WeightedCategory(key, Decimal(weight), score_category(sheet, rule or ScoringRule()))


def contestants(keys: str) -> list[Contestant]:
    return [Contestant(key) for key in keys]


def by_key(result: ContestResult) -> dict[str, ContestantResult]:
    return {line.key: line for line in result.contestants}


def places(result: ContestResult) -> list[tuple[str, int | None]]:
    return [(line.key, line.place) for line in result.contestants]


SHORT = category("short", {"a": "6", "b": "8", "c": "7"})
FREE = category("free", {"a": "9", "b": "7", "c": "7.5"}, weight="2")


def test_a_weighted_sum_adds_up_the_totals() -> None:
    result = score_contest(contestants("abc"), [SHORT, FREE], ContestRule())
    assert [(line.key, line.place, line.total) for line in result.contestants] == [
        ("a", 1, Decimal(24)),
        ("b", 2, Decimal(22)),
        ("c", 2, Decimal(22)),
    ]


def test_the_rounded_parts_add_up_to_the_total() -> None:
    """7.13 * 0.35 = 2.4955 and 7.38 * 0.65 = 4.797: 2.50 + 4.80, although the sum is 7.2925."""
    parts = [category("short", {"a": "7 7.25"}, weight="0.35"), category("free", {"a": "7.25 7.5"}, weight="0.65")]
    (line,) = score_contest(contestants("a"), parts, ContestRule()).contestants
    assert [str(part.weighted) for part in line.parts] == ["2.50", "4.80"]
    assert str(line.total) == "7.30"


def test_a_sum_of_placements_is_won_by_the_lowest() -> None:
    result = score_contest(contestants("abc"), [SHORT, FREE], PLACEMENTS)
    assert {key: (line.total, line.place) for key, line in by_key(result).items()} == {
        "a": (Decimal(5), 1),
        "c": (Decimal(6), 2),
        "b": (Decimal(7), 3),
    }


def test_a_weighted_sum_of_ordinals_is_won_by_the_lowest() -> None:
    short = category("short", {"a": "6", "b": "8", "c": "7"}, rule=ORDINALS)
    free = category("free", {"a": "7", "b": "8", "c": "9"}, weight="2", rule=ORDINALS)
    result = score_contest(contestants("abc"), [short, free], ContestRule())
    assert [(line.key, line.place, line.total) for line in result.contestants] == [
        ("c", 1, Decimal(4)),
        ("b", 2, Decimal(5)),
        ("a", 3, Decimal(9)),
    ]


def test_a_shared_place_counts_as_it_is() -> None:
    tied = category("short", {"a": "8", "b": "8", "c": "7"})
    result = score_contest(contestants("abc"), [tied], PLACEMENTS)
    assert [line.total for line in result.contestants] == [Decimal(1), Decimal(1), Decimal(3)]


@pytest.mark.parametrize(("rule", "totals"), [(ContestRule(), ["23", "22", "22"]), (PLACEMENTS, ["6", "6", "7"])])
def test_deductions_of_the_contest_make_the_total_worse(rule: ContestRule, totals: list[str]) -> None:
    taken = Deduction(Decimal(1), DeductionStage.CONTEST)
    elsewhere = Deduction(Decimal(50), DeductionStage.CATEGORY)
    field = [Contestant("a", deductions=(taken, elsewhere)), *contestants("bc")]
    result = score_contest(field, [SHORT, FREE], rule)
    assert [line.total for line in result.contestants] == [Decimal(total) for total in totals]


def test_a_floor_holds_in_the_contest() -> None:
    field = [Contestant("a", deductions=(Deduction(Decimal(90), DeductionStage.CONTEST),))]
    only = category("short", {"a": "6"})
    (line,) = score_contest(field, [only], ContestRule(deduction_floor=Decimal(0))).contestants
    assert (line.subtotal, line.deductions, line.total) == (Decimal(6), Decimal(90), Decimal(0))


@pytest.mark.parametrize("status", [EntryStatus.WITHDRAWN, EntryStatus.DISQUALIFIED])
def test_who_left_the_contest_is_listed_without_a_place(status: EntryStatus) -> None:
    field = [Contestant("a", status), *contestants("bc")]
    assert places(score_contest(field, [SHORT, FREE], ContestRule())) == [("b", 1), ("c", 1), ("a", None)]


FINAL = category("final", {"b": "1", "c": "2"}, weight="0.01")


def test_a_contestant_without_a_total_in_a_category_is_unplaced() -> None:
    result = score_contest(contestants("abc"), [SHORT, FINAL], ContestRule())
    assert places(result) == [("b", 1), ("c", 2), ("a", None)]
    assert (by_key(result)["a"].total, len(by_key(result)["a"].parts)) == (None, 1)


def test_or_behind_all_who_have_more_categories_whatever_the_points() -> None:
    first = category("first", {"a": "9", "b": "1", "c": "2", "d": "8"})
    rule = ContestRule(incomplete=Incomplete.BEHIND)
    result = score_contest(contestants("eabcd"), [first, FINAL], rule)
    assert places(result) == [("c", 1), ("b", 2), ("a", 3), ("d", 4), ("e", None)]


def test_a_total_of_zero_breaks_a_tie_against_none_at_all() -> None:
    zero, other = category("zero", {"a": "0"}), category("other", {"b": "0"})
    rule = ContestRule(incomplete=Incomplete.BEHIND, tie_breakers=(TieBreaker(TieBreakerKind.CATEGORY, "zero"),))
    assert places(score_contest(contestants("ba"), [zero, other], rule)) == [("a", 1), ("b", 2)]


def test_incomplete_contestants_are_behind_in_a_sum_of_placements_too() -> None:
    first = category("first", {"a": "9", "b": "1", "c": "2"})
    rule = replace(PLACEMENTS, incomplete=Incomplete.BEHIND)
    assert places(score_contest(contestants("abc"), [first, FINAL], rule)) == [("c", 1), ("b", 2), ("a", 3)]


@pytest.mark.parametrize(
    ("kind", "of", "first"),
    [
        (TieBreakerKind.CATEGORY, "free", "c"),
        (TieBreakerKind.CATEGORY, "short", "b"),
        (TieBreakerKind.CRITERION, "free/skills", "c"),
        (TieBreakerKind.CRITERION, "short/skills", "b"),
    ],
)
def test_a_category_or_its_criterion_breaks_a_tie(kind: TieBreakerKind, of: str, first: str) -> None:
    rule = ContestRule(tie_breakers=(TieBreaker(kind, of),))
    result = score_contest(contestants("bc"), [_without_a(SHORT), _without_a(FREE)], rule)
    assert places(result)[0] == (first, 1)
    assert result.contestants[0].decided_by == (f"{kind}:{of}",)


def _without_a(one: WeightedCategory) -> WeightedCategory:
    entries = tuple(entry for entry in one.result.entries if entry.key != "a")
    return replace(one, result=replace(one.result, entries=entries))


def test_ordinals_break_a_tie_the_right_way_round() -> None:
    """Equal sums of ordinals; b has the lower, so the better one, in the free skating."""
    short = category("short", {"a": "9", "b": "8"}, rule=ORDINALS)
    free = category("free", {"a": "8", "b": "9"}, rule=ORDINALS)
    for tie_breaker in (
        TieBreaker(TieBreakerKind.CATEGORY, "free"),
        TieBreaker(TieBreakerKind.CRITERION, "free/skills"),
    ):
        result = score_contest(contestants("ab"), [short, free], ContestRule(tie_breakers=(tie_breaker,)))
        assert [(line.key, line.place, line.total) for line in result.contestants] == [
            ("b", 1, Decimal(3)),
            ("a", 2, Decimal(3)),
        ]


def test_technical_points_and_components_are_summed_over_the_categories_that_count_them() -> None:
    rule = ScoringRule(technical_points=True)
    sheet = sheet_of(
        {"a": {"skills": "5"}, "b": {"skills": "6"}},
        entries={"a": Entry("a", technical_points=Decimal(4)), "b": Entry("b", technical_points=Decimal(3))},
    )
    technical = WeightedCategory("technical", Decimal(1), score_category(sheet, rule))
    artistic = category("artistic", {"a": "7", "b": "7"})
    by_points = ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.TECHNICAL_POINTS),))
    by_components = ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.COMPONENT_TOTAL),))
    assert places(score_contest(contestants("ab"), [technical, artistic], by_points)) == [("a", 1), ("b", 2)]
    assert places(score_contest(contestants("ab"), [technical, artistic], by_components)) == [("b", 1), ("a", 2)]


def test_the_judges_of_all_categories_vote_in_head_to_head() -> None:
    """Totals are 12 each; three judges of four prefer b."""
    one = category("one", {"a": "9 3", "b": "4 4"}, weight="1")
    two = category("two", {"a": "6 6", "b": "8 8"}, weight="1")
    head = ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.HEAD_TO_HEAD),))
    result = score_contest(contestants("ab"), [one, two], head)
    assert [(line.key, line.total, line.place) for line in result.contestants] == [
        ("b", Decimal(12), 1),
        ("a", Decimal(12), 2),
    ]


def test_totals_won_by_the_lowest_can_not_be_added_to_others() -> None:
    mixed = [SHORT, category("free", {"a": "1", "b": "2", "c": "3"}, rule=ORDINALS)]
    with pytest.raises(InvalidRule) as caught:
        score_contest(contestants("abc"), mixed, ContestRule())
    assert [error.pointer for error in caught.value.errors] == ["#/combination"]
    assert places(score_contest(contestants("abc"), mixed, PLACEMENTS)) == [("b", 1), ("c", 1), ("a", 3)]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        (ContestRule(deduction_floor=Decimal(0)), "#/deduction_floor"),
        (ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.CATEGORY, "final"),)), "#/tie_breakers/0/of"),
        (ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.CATEGORY, "short/skills"),)), "#/tie_breakers/0/of"),
        (ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.CRITERION, "short"),)), "#/tie_breakers/0/of"),
    ],
)
def test_a_rule_that_does_not_fit_the_categories_is_refused(rule: ContestRule, pointer: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        score_contest(contestants("ab"), [category("short", {"a": "1", "b": "2"}, rule=ORDINALS)], rule)
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_contestants_that_do_not_fit_the_categories_are_named() -> None:
    field = [Contestant("a"), Contestant("a", deductions=(Deduction(Decimal(-1)),))]
    heavy = replace(category("sho/rt", {"a": "1", "b": "2"}), weight=Decimal(-1))
    with pytest.raises(InvalidSheet) as caught:
        score_contest(field, [heavy], ContestRule())
    assert [error.pointer for error in caught.value.errors] == [
        "#/contestants/1/deductions",
        "#/contestants",
        "#/categories/0/weight",
        "#/categories/0/key",
        "#/categories/0/entries",
    ]
