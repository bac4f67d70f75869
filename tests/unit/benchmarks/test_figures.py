"""The harness of the benchmarks: what a figure says, and when the two sides are no match."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.figures import AnswersDiffer, committed_ratios, figure_of, is_worse, race


def test_a_figure_is_one_line_of_json_with_the_median_and_the_spread_of_the_rounds() -> None:
    pairs = [(10.0, 100.0), (20.0, 100.0), (30.0, 100.0)]
    figure = figure_of("leaderboard", "board", pairs, yardstick_name="objects", unit="ms", better="lower")

    assert json.loads(figure.line()) == {
        "benchmark": "leaderboard",
        "figure": "board",
        "ours": 20.0,
        "yardstick": 100.0,
        "yardstick_name": "objects",
        "unit": "ms",
        "ratio": 0.2,
        "better": "lower",
        "rounds": 3,
        "spread": 0.5,
    }


def test_both_sides_run_in_turn_after_a_round_that_warms_up() -> None:
    calls: list[str] = []

    figure = race(
        "b",
        "f",
        ours=lambda: calls.append("ours"),
        yardstick=lambda: calls.append("theirs"),
        yardstick_name="theirs",
        rounds=2,
    )

    assert calls == ["ours", "theirs"] * 3
    assert figure.rounds == 2


def test_sides_that_do_not_agree_are_not_timed() -> None:
    with pytest.raises(AnswersDiffer):
        race("b", "f", ours=lambda: 1, yardstick=lambda: 2, yardstick_name="theirs", rounds=1)


@pytest.mark.parametrize(
    ("ratio", "better", "worse"),
    [(0.10, "lower", False), (0.109, "lower", False), (0.12, "lower", True), (5.0, "higher", False)],
)
def test_a_ratio_that_is_a_tenth_worse_is_worse(ratio: float, better: str, worse: bool) -> None:
    figure = figure_of(
        "b",
        "f",
        [(ratio, 1.0)],
        yardstick_name="y",
        unit="ms",
        better="lower" if better == "lower" else "higher",
    )

    assert is_worse(figure, 0.10 if better == "lower" else 5.2) is worse


def test_the_committed_set_is_read_out_of_its_page(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text('# Figures\n\n```\n{"benchmark": "b", "figure": "f", "ratio": 0.5}\n```\n{"other": 1}\n')

    assert committed_ratios(page) == {("b", "f"): 0.5}
    assert committed_ratios(tmp_path / "none.md") == {}
