"""Hypothesis strategies: any valid rule, any sheet that fits it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from apps.contests.scoring.marks import (
    CategorySheet,
    Criterion,
    Deduction,
    DeductionStage,
    DeductionUnit,
    Entry,
    EntryStatus,
    Mark,
    MarkState,
)
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.rule import Aggregation, MissingMarks, Normalisation, ScoringRule, Unit
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind

CRITERIA = ("skills", "style", "timing")
NOT_SCORED = (MarkState.ABSENT, MarkState.ABSTAINED)
FACTORS = ("0.8", "1", "1.6", "2.25", "0")


def quarters(low: int = 0, high: int = 40) -> st.SearchStrategy[Decimal]:
    """Marks in steps of 0.25; a narrow range makes ties likely."""
    return st.integers(low, high).map(lambda number: Decimal(number) / 4)


@st.composite
def scoring_rules(draw: st.DrawFn) -> ScoringRule:
    """Any valid rule whose tie-breakers name the criteria that are always there."""
    aggregation = draw(st.sampled_from(Aggregation))
    trims = aggregation is Aggregation.TRIMMED_MEAN
    drop_low = draw(st.integers(0, 2)) if trims else 0
    drop_high = draw(st.integers(0 if drop_low else 1, 2)) if trims else 0
    normalisation = draw(st.sampled_from(Normalisation))
    unit = draw(st.sampled_from(Unit))
    technical_points = draw(st.booleans())
    kinds = [TieBreaker(TieBreakerKind.COMPONENT_TOTAL)]
    kinds += [TieBreaker(TieBreakerKind.HEAD_TO_HEAD), TieBreaker(TieBreakerKind.HIGHER_MEDIAN)]
    if unit is Unit.CRITERION:
        kinds.append(TieBreaker(TieBreakerKind.CRITERION, CRITERIA[0]))
    if technical_points:
        kinds.append(TieBreaker(TieBreakerKind.TECHNICAL_POINTS))
    return ScoringRule(
        aggregation=aggregation,
        drop_high=drop_high,
        drop_low=drop_low,
        minimum_panel=drop_high + drop_low + draw(st.integers(1, 3)),
        normalisation=normalisation,
        normalisation_minimum=draw(st.integers(2, 3)),
        unit=unit,
        missing=draw(st.sampled_from(MissingMarks)),
        panel_places=draw(st.integers(0, 4)),
        panel_rounding=draw(st.sampled_from(Rounding)),
        factor_places=draw(st.integers(0, 4)),
        factor_rounding=draw(st.sampled_from(Rounding)),
        technical_points=technical_points,
        deduction_floor=draw(st.none() | quarters(-8, 8)) if normalisation is not Normalisation.RANK else None,
        tie_breakers=tuple(draw(st.lists(st.sampled_from(kinds), unique=True, max_size=3))),
    )


deductions = st.builds(Deduction, quarters(0, 12), st.sampled_from(DeductionStage), st.sampled_from(DeductionUnit))


@st.composite
def category_sheets(draw: st.DrawFn, *, complete: bool = False) -> CategorySheet:
    """A category of one to six judges and entries. `complete`: everybody competes and every mark is there."""
    judges = tuple(f"J{seat}" for seat in range(1, draw(st.integers(1, 6)) + 1))
    criteria = tuple(
        Criterion(key, Decimal(draw(st.sampled_from(FACTORS)))) for key in CRITERIA[: draw(st.integers(1, 3))]
    )
    keys = [f"e{number}" for number in range(draw(st.integers(1, 6)))]
    statuses = st.just(EntryStatus.ENTERED) if complete else st.sampled_from([EntryStatus.ENTERED, *EntryStatus])
    technical = quarters() if complete else st.none() | quarters()
    entries = tuple(
        Entry(key, draw(statuses), draw(technical), tuple(draw(st.lists(deductions, max_size=2)))) for key in keys
    )
    values: st.SearchStrategy[Decimal | None] = quarters(24, 32) | quarters()
    if not complete:
        values = values | st.none()
    places = [(judge, key, criterion.key) for judge in judges for key in keys for criterion in criteria]
    drawn = draw(st.lists(values, min_size=len(places), max_size=len(places)))
    marks = tuple(
        Mark(*place, value) if value is not None else Mark(*place, state=draw(st.sampled_from(NOT_SCORED)))
        for place, value in zip(places, drawn, strict=True)
        if value is not None or draw(st.booleans())
    )
    pairs = [(judge, key) for judge in judges for key in keys]
    recusals = frozenset() if complete else frozenset(draw(st.lists(st.sampled_from(pairs), max_size=2)))
    return CategorySheet(judges, criteria, entries, marks, recusals)
