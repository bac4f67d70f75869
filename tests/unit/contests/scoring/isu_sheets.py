"""The five ISU competitions of ../shared/data/isu as category sheets, beside the official figures."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from apps.contests.scoring.marks import CategorySheet, Criterion, Deduction, Entry, Mark, MarkState
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.rule import Aggregation, MissingMarks, ScoringRule
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "isu"

Row = dict[str, str]


@dataclass(frozen=True)
class Official:
    """What the protocol says about one performance."""

    component_total: Decimal
    segment_total: Decimal
    rank: int


@dataclass(frozen=True)
class Segment:
    """One short program or free skating: its sheet, its rule, and the official figures by performance."""

    name: str
    sheet: CategorySheet
    rule: ScoringRule
    official: dict[str, Official]


def isu_rule(program: str) -> ScoringRule:
    """Of nine judges the highest and the lowest are dropped; twice rounded half-up to 0.01."""
    short = "SHORT" in program
    decider = TieBreakerKind.TECHNICAL_POINTS if short else TieBreakerKind.COMPONENT_TOTAL
    return ScoringRule(
        aggregation=Aggregation.TRIMMED_MEAN,
        drop_high=1,
        drop_low=1,
        minimum_panel=3,
        missing=MissingMarks.OMIT,
        panel_places=2,
        panel_rounding=Rounding.HALF_UP,
        factor_places=2,
        factor_rounding=Rounding.HALF_UP,
        technical_points=True,
        tie_breakers=(TieBreaker(decider),),
    )


def read_segments() -> list[Segment]:
    """All segments, in the order of the file."""
    performances: dict[str, list[Row]] = defaultdict(list)
    for row in _rows("performances.csv"):
        performances[f"{row['competition']} / {row['program']}"].append(row)
    aspects: dict[str, list[Row]] = defaultdict(list)
    for row in _rows("judged-aspects.csv"):
        if row["section"] == "components":
            aspects[row["performance_id"]].append(row)
    scores: dict[str, list[Row]] = defaultdict(list)
    for row in _rows("judge-scores.csv"):
        scores[row["aspect_id"]].append(row)
    return [_segment(name, rows, aspects, scores) for name, rows in performances.items()]


def _rows(name: str) -> Iterator[Row]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _segment(
    name: str, performances: list[Row], aspects: dict[str, list[Row]], scores: dict[str, list[Row]]
) -> Segment:
    marks: list[Mark] = []
    factors: dict[str, set[Decimal]] = defaultdict(set)
    for performance in performances:
        for aspect in aspects[performance["performance_id"]]:
            factors[aspect["aspect_desc"]].add(Decimal(aspect["factor"]))
            marks.extend(
                _mark(performance["performance_id"], aspect["aspect_desc"], row)
                for row in scores[aspect["aspect_id"]]
            )
    sheet = CategorySheet(
        judges=tuple(f"J{seat}" for seat in range(1, 10)),
        criteria=tuple(Criterion(key, *values) for key, values in factors.items()),
        entries=tuple(_entry(row) for row in performances),
        marks=tuple(marks),
    )
    official = {row["performance_id"]: _official(row) for row in performances}
    return Segment(name, sheet, isu_rule(performances[0]["program"]), official)


def _mark(performance: str, criterion: str, row: Row) -> Mark:
    """A recorded 0.0 stands for an absent judge."""
    value = Decimal(row["score"])
    if value == 0:
        return Mark(row["judge"], performance, criterion, state=MarkState.ABSENT)
    return Mark(row["judge"], performance, criterion, value)


def _entry(row: Row) -> Entry:
    deductions = Decimal(row["total_deductions"])
    return Entry(
        row["performance_id"],
        technical_points=Decimal(row["total_element_score"]),
        deductions=(Deduction(deductions),) if deductions else (),
    )


def _official(row: Row) -> Official:
    return Official(Decimal(row["total_component_score"]), Decimal(row["total_segment_score"]), int(row["rank"]))
