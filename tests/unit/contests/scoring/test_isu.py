"""Real marks of five figure-skating competitions: every official figure comes out, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.contests.scoring.category import CategoryResult, score_category
from apps.contests.scoring.panel import UsedValue
from tests.unit.contests.scoring.isu_sheets import FOLDER, Segment, read_segments

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the ISU score sheets are not beside the repository ({FOLDER.name} is missing)"
)

PERFORMANCES = 420


@pytest.fixture(scope="module")
def scored() -> list[tuple[Segment, CategoryResult]]:
    return [(segment, score_category(segment.sheet, segment.rule)) for segment in read_segments()]


def test_every_performance_gets_a_line(scored: list[tuple[Segment, CategoryResult]]) -> None:
    assert sum(len(result.entries) for _, result in scored) == PERFORMANCES
    assert [result.problems for _, result in scored] == [()] * len(scored)


def test_component_totals_are_the_official_ones(scored: list[tuple[Segment, CategoryResult]]) -> None:
    ours, official = {}, {}
    for segment, result in scored:
        ours.update({entry.key: str(entry.component_total) for entry in result.entries})
        official.update({key: str(figures.component_total) for key, figures in segment.official.items()})
    assert ours == official


def test_segment_totals_are_the_official_ones(scored: list[tuple[Segment, CategoryResult]]) -> None:
    ours, official = {}, {}
    for segment, result in scored:
        ours.update({entry.key: str(entry.total) for entry in result.entries})
        official.update({key: str(figures.segment_total) for key, figures in segment.official.items()})
    assert ours == official


def test_ranks_are_the_official_ones(scored: list[tuple[Segment, CategoryResult]]) -> None:
    ours, official = {}, {}
    for segment, result in scored:
        ours.update({entry.key: entry.place for entry in result.entries})
        official.update({key: figures.rank for key, figures in segment.official.items()})
    assert ours == official


def test_an_absent_judge_is_left_out_and_two_marks_are_dropped_all_the_same(
    scored: list[tuple[Segment, CategoryResult]],
) -> None:
    sizes = {
        (sum(value.use == "omitted" for value in unit.panel.values), _dropped(unit.panel.values))
        for _, result in scored
        for entry in result.entries
        for unit in entry.units
    }
    assert sizes == {(0, 2), (1, 2)}


def _dropped(values: tuple[UsedValue, ...]) -> int:
    return sum(value.use in {"dropped_low", "dropped_high"} for value in values)


def test_factors_differ_between_disciplines(scored: list[tuple[Segment, CategoryResult]]) -> None:
    factors = {criterion.factor for segment, _ in scored for criterion in segment.sheet.criteria}
    assert factors == {Decimal(text) for text in ("0.8", "1.0", "1.2", "1.6", "2.0")}
