from __future__ import annotations

import hashlib
from decimal import Decimal
from itertools import product

import pytest

from apps.contests.scoring.category import score_category
from apps.contests.scoring.contest import Contestant
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.rule import MissingMarks, Normalisation, ScoringRule
from apps.contests.scoring.stability import (
    JudgedCategory,
    WithoutJudge,
    category_stability,
    contest_stability,
    drawn_seats,
)
from tests.unit.contests.scoring.sheets import sheet_of

RULE = ScoringRule()
CLOSE = sheet_of({"a": {"skills": "9 6 6"}, "b": {"skills": "6.5 6.75 6.75"}})


def test_a_unanimous_winner_wins_in_every_panel() -> None:
    sheet = sheet_of({"a": {"skills": "9 8 9"}, "b": {"skills": "7 7 8"}})
    stability = category_stability(sheet, RULE, seed="1", draws=50)
    assert (stability.winners, stability.same_winners, str(stability.same_winners_share)) == (("a",), 50, "1.0000")
    assert [(place.key, place.place, place.same_place) for place in stability.places] == [("a", 1, 50), ("b", 2, 50)]
    assert [without.moved for without in stability.without_judge] == [{}, {}, {}]


def test_the_share_of_a_close_winner_approaches_that_of_all_panels() -> None:
    """All 27 panels of three seats, counted by hand: how many a wins."""
    marks = {"a": (900, 600, 600), "b": (650, 675, 675)}
    won = sum(
        sum(marks["a"][seat] for seat in panel) > sum(marks["b"][seat] for seat in panel)
        for panel in product(range(3), repeat=3)
    )
    stability = category_stability(CLOSE, RULE, seed="autumn", draws=2000)
    assert stability.winners == ("a",)
    assert abs(stability.same_winners_share - Decimal(won) / 27) < Decimal("0.04")


def test_a_draw_is_the_panel_with_these_judges_in_it() -> None:
    """Every draw's places are those of a sheet on which each drawn judge has a seat of their own."""
    marks = {"a": "9 6 6 8", "b": "6.5 6.75 6.75 9", "c": "7 7 7 5"}
    for normalisation in (Normalisation.NONE, Normalisation.Z_SCORE):
        rule = ScoringRule(normalisation=normalisation)
        sheet = sheet_of({key: {"skills": line} for key, line in marks.items()})
        counted = {key: dict.fromkeys((1, 2, 3), 0) for key in marks}
        for draw in range(1, 31):
            seats = drawn_seats(seed="s", category="category", draw=draw, seats=4)
            panel = {key: {"skills": " ".join(line.split()[seat] for seat in seats)} for key, line in marks.items()}
            for entry in score_category(sheet_of(panel), rule).entries:
                assert entry.place is not None
                counted[entry.key][entry.place] += 1
        stability = category_stability(sheet, rule, seed="s", draws=30)
        assert {
            place.key: {number: place.draws_by_place.get(number, 0) for number in (1, 2, 3)}
            for place in stability.places
        } == counted


def test_shared_winners_are_the_same_only_if_they_share_again() -> None:
    """Either judge alone has one winner; only both together have two."""
    sheet = sheet_of({"a": {"skills": "8 7"}, "b": {"skills": "7 8"}})
    stability = category_stability(sheet, RULE, seed="1", draws=50)
    panels = [drawn_seats(seed="1", category="category", draw=draw, seats=2) for draw in range(1, 51)]
    assert stability.winners == ("a", "b")
    assert stability.same_winners == sum(len(set(panel)) == 2 for panel in panels)
    assert 0 < stability.same_winners < 50


def test_leaving_one_judge_out_says_who_moves() -> None:
    stability = category_stability(CLOSE, RULE, seed="1", draws=1)
    assert stability.without_judge == (
        WithoutJudge("category", "J1", ("b",), same_winners=False, moved={"a": (1, 2), "b": (2, 1)}),
        WithoutJudge("category", "J2", ("a",), same_winners=True, moved={}),
        WithoutJudge("category", "J3", ("a",), same_winners=True, moved={}),
    )


def test_a_panel_that_gets_too_small_leaves_nobody_placed() -> None:
    sheet = sheet_of({"a": {"skills": "9 8"}, "b": {"skills": "7 7"}})
    stability = category_stability(sheet, ScoringRule(minimum_panel=2), seed="1", draws=5)
    assert [(without.winners, without.moved) for without in stability.without_judge] == [
        ((), {"a": (1, None), "b": (2, None)})
    ] * 2
    assert stability.same_winners == 5


def test_a_draw_of_judges_who_were_all_absent_counts_as_without_a_place() -> None:
    sheet = sheet_of({"a": {"skills": "9 absent"}, "b": {"skills": "7 7"}})
    stability = category_stability(sheet, ScoringRule(missing=MissingMarks.OMIT), seed="1", draws=100)
    by_key = {place.key: place for place in stability.places}
    absent = sum(drawn_seats(seed="1", category="category", draw=draw, seats=2) == (1, 1) for draw in range(1, 101))
    assert absent > 0
    assert dict(by_key["a"].draws_by_place) == {1: 100 - absent, None: absent}
    assert dict(by_key["b"].draws_by_place) == {2: 100 - absent, 1: absent}


def test_the_same_seed_gives_the_same_answer_and_another_one_another() -> None:
    one = category_stability(CLOSE, RULE, seed="1", draws=40)
    assert category_stability(CLOSE, RULE, seed="1", draws=40) == one
    draws = {tuple(drawn_seats(seed=seed, category="c", draw=1, seats=9)) for seed in ("1", "2", "3")}
    assert len(draws) == 3


def test_a_draw_can_be_repeated_by_hand() -> None:
    digest = hashlib.shake_256(b"spring:free:7").digest(24)
    by_hand = tuple(int.from_bytes(digest[start : start + 8], "big") % 3 for start in (0, 8, 16))
    assert drawn_seats(seed="spring", category="free", draw=7, seats=3) == by_hand
    assert drawn_seats(seed="spring", category="free", draw=1, seats=9) == (7, 3, 5, 6, 7, 2, 3, 5, 2)


def test_every_seat_is_drawn_about_as_often() -> None:
    seats = [seat for draw in range(1000) for seat in drawn_seats(seed="x", category="c", draw=draw, seats=9)]
    assert {seat: abs(seats.count(seat) - 1000) < 120 for seat in range(9)} == dict.fromkeys(range(9), True)


def test_a_contest_draws_each_category_on_its_own() -> None:
    contestants = [Contestant("a"), Contestant("b")]
    firm = sheet_of({"a": {"skills": "6 6"}, "b": {"skills": "6 6"}})
    categories = [
        JudgedCategory("close", Decimal(1), CLOSE, RULE),
        JudgedCategory("firm", Decimal(1), firm, RULE),
    ]
    stability = contest_stability(contestants, categories, ContestRule(), seed="s", draws=60)
    alone = category_stability(CLOSE, RULE, seed="s", draws=60, key="close")
    assert (stability.winners, stability.same_winners) == (("a",), alone.same_winners)
    assert [(without.category, without.judge, without.winners) for without in stability.without_judge] == [
        ("close", "J1", ("b",)),
        ("close", "J2", ("a",)),
        ("close", "J3", ("a",)),
        ("firm", "J1", ("a",)),
        ("firm", "J2", ("a",)),
    ]


def test_no_draws_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        category_stability(CLOSE, RULE, seed="1", draws=0)
