from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.scoring.contest_rule import Combination, ContestRule, Incomplete
from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.rule import MissingMarks, ScoringRule
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from tests.unit.contests.scoring.strategies import scoring_rules

TRIMMED = {"aggregation": "trimmed_mean", "drop_high": 1, "drop_low": 1, "minimum_panel": 3}


def refused(data: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidRule) as caught:
        ScoringRule.from_dict(data)
    return [error.pointer for error in caught.value.errors]


def contest_refused(data: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidRule) as caught:
        ContestRule.from_dict(data)
    return [error.pointer for error in caught.value.errors]


def test_an_empty_rule_is_the_default_one_and_blocks_on_missing_marks() -> None:
    assert ScoringRule.from_dict({}) == ScoringRule()
    assert ScoringRule().missing is MissingMarks.BLOCK


def test_the_canonical_form_names_every_field() -> None:
    rule = ScoringRule(
        deduction_floor=Decimal("0.50"), tie_breakers=(TieBreaker(TieBreakerKind.CRITERION, "skills"),)
    )
    assert rule.to_dict() == {
        "aggregation": "mean",
        "drop_high": 0,
        "drop_low": 0,
        "minimum_panel": 1,
        "normalisation": "none",
        "normalisation_minimum": 2,
        "unit": "criterion",
        "missing": "block",
        "panel_places": 2,
        "panel_rounding": "half_up",
        "factor_places": 2,
        "factor_rounding": "half_up",
        "technical_points": False,
        "deduction_floor": "0.5",
        "tie_breakers": [{"kind": "criterion", "of": "skills"}],
    }


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({"aggregation": "average"}, ["#/aggregation"]),
        ({"drop_high": "1"}, ["#/drop_high"]),
        ({"panel_places": True}, ["#/panel_places"]),
        ({"panel_places": 2.0}, ["#/panel_places"]),
        ({"technical_points": 1}, ["#/technical_points"]),
        ({"deduction_floor": 0.5}, ["#/deduction_floor"]),
        ({"deduction_floor": "none"}, ["#/deduction_floor"]),
        ({"deduction_floor": "NaN"}, ["#/deduction_floor"]),
        ({"drop_top": 1}, ["#/drop_top"]),
        ({"tie_breakers": "technical_points"}, ["#/tie_breakers"]),
        ({"tie_breakers": ["technical_points"]}, ["#/tie_breakers/0"]),
        ({"tie_breakers": [{"kind": "coin"}]}, ["#/tie_breakers/0/kind"]),
        ({"tie_breakers": [{"kind": "head_to_head", "weight": 1}]}, ["#/tie_breakers/0/weight"]),
        ({"tie_breakers": [{"kind": "criterion", "of": ""}]}, ["#/tie_breakers/0/of"]),
        (
            {"aggregation": 1, "unit": None, "missing": "zero", "x": 0},
            ["#/aggregation", "#/unit", "#/missing", "#/x"],
        ),
    ],
)
def test_a_field_that_can_not_be_read_is_named(data: dict[str, object], pointers: list[str]) -> None:
    assert refused(data) == pointers


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({"drop_high": 1}, ["#/drop_high"]),
        ({"aggregation": "median", "drop_low": 2}, ["#/drop_low"]),
        (TRIMMED | {"drop_low": -1}, ["#/drop_low"]),
        (TRIMMED | {"drop_low": 0, "drop_high": 0}, ["#/drop_high"]),
        (TRIMMED | {"minimum_panel": 2}, ["#/minimum_panel"]),
        ({"minimum_panel": 0}, ["#/minimum_panel"]),
        ({"normalisation": "z_score", "normalisation_minimum": 1}, ["#/normalisation_minimum"]),
        ({"normalisation_minimum": 0}, ["#/normalisation_minimum"]),
        ({"minimum_panel": 2**31, "normalisation_minimum": 2**31}, ["#/minimum_panel", "#/normalisation_minimum"]),
        (TRIMMED | {"drop_low": 2**31, "minimum_panel": 2**31 + 2}, ["#/drop_low", "#/minimum_panel"]),
        ({"panel_places": -1, "factor_places": 9}, ["#/panel_places", "#/factor_places"]),
        ({"normalisation": "rank", "deduction_floor": "0"}, ["#/deduction_floor"]),
        ({"tie_breakers": [{"kind": "category", "of": "free"}]}, ["#/tie_breakers/0/kind"]),
        ({"tie_breakers": [{"kind": "technical_points"}]}, ["#/tie_breakers/0/kind"]),
        ({"unit": "judge_total", "tie_breakers": [{"kind": "criterion", "of": "a"}]}, ["#/tie_breakers/0/kind"]),
        ({"tie_breakers": [{"kind": "criterion"}]}, ["#/tie_breakers/0/of"]),
        ({"tie_breakers": [{"kind": "head_to_head", "of": "a"}]}, ["#/tie_breakers/0/of"]),
        ({"tie_breakers": [{"kind": "head_to_head"}, {"kind": "head_to_head"}]}, ["#/tie_breakers/1"]),
    ],
)
def test_fields_that_contradict_each_other_are_named(data: dict[str, object], pointers: list[str]) -> None:
    assert refused(data) == pointers


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({"combination": "average"}, ["#/combination"]),
        ({"places": 9}, ["#/places"]),
        ({"combination": "sum_of_placements", "deduction_floor": "0"}, ["#/deduction_floor"]),
        ({"tie_breakers": [{"kind": "category"}]}, ["#/tie_breakers/0/of"]),
        ({"weights": {}}, ["#/weights"]),
    ],
)
def test_a_contest_rule_names_its_wrong_fields(data: dict[str, object], pointers: list[str]) -> None:
    assert contest_refused(data) == pointers


def test_the_sentence_names_the_fields() -> None:
    with pytest.raises(InvalidRule, match="drop_high") as caught:
        ScoringRule(drop_high=1)
    assert caught.value.errors[0].detail == "a mean drops nothing"


def test_a_rule_made_in_code_is_checked_like_one_that_is_read() -> None:
    with pytest.raises(InvalidRule, match="floor"):
        ContestRule(combination=Combination.SUM_OF_PLACEMENTS, deduction_floor=Decimal(0))


decimals = st.decimals(min_value=-1000, max_value=1000, places=3)
tie_breakers = st.lists(
    st.one_of(
        st.builds(TieBreaker, st.sampled_from([TieBreakerKind.HEAD_TO_HEAD, TieBreakerKind.TECHNICAL_POINTS])),
        st.builds(TieBreaker, st.just(TieBreakerKind.CRITERION), st.text(min_size=1, max_size=5)),
    ),
    unique=True,
    max_size=4,
).map(tuple)


@given(scoring_rules())
def test_a_rule_survives_the_way_through_json(rule: ScoringRule) -> None:
    data = json.loads(json.dumps(rule.to_dict()))
    assert ScoringRule.from_dict(data) == rule
    assert ScoringRule.from_dict(data).to_dict() == rule.to_dict()


@given(decimals, st.integers(0, 5))
def test_equal_rules_have_equal_canonical_data(floor: Decimal, zeros: int) -> None:
    longer = Decimal(f"{floor}{'0' * zeros}")
    assert ScoringRule(deduction_floor=floor).to_dict() == ScoringRule(deduction_floor=longer).to_dict()


@given(
    st.builds(
        ContestRule,
        incomplete=st.sampled_from(Incomplete),
        places=st.integers(0, 8),
        rounding=st.sampled_from(Rounding),
        deduction_floor=st.none() | decimals,
        tie_breakers=tie_breakers,
    )
)
def test_a_contest_rule_survives_the_way_through_json(rule: ContestRule) -> None:
    assert ContestRule.from_dict(json.loads(json.dumps(rule.to_dict()))) == rule
