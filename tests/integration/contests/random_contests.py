"""Random contests for property tests: small numbers and coarse scales, so that ties, gaps and oddities are common."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from apps.contests import models
from apps.contests.enums import ContestantStatus, DeductionStage, DeductionUnit, EntryState, ScoreState, SeatRole
from apps.contests.scoring.contest_rule import Combination, Incomplete
from apps.contests.scoring.rounding import Rounding
from apps.contests.scoring.rule import Aggregation, MissingMarks, Normalisation, Unit
from apps.contests.scoring.tie_breakers import TieBreakerKind as Kind
from apps.events.models import Event

MARKS = [Decimal(number) / 4 for number in range(0, 21, 2)] + [Decimal("3.1415"), Decimal("-1.25")]
FACTORS = [Decimal(text) for text in ("0.8", "1", "1.6", "2", "0.3333", "0")]
POINTS = [Decimal(text) for text in ("0", "1", "1.5", "20.125", "3.3333")]
MISSING = "missing"


@dataclass(frozen=True)
class Seat:
    role: str


@dataclass(frozen=True)
class Mark:
    entry: int
    criterion: int
    seat: int
    state: str
    value: Decimal | None


@dataclass(frozen=True)
class Start:
    """An entry; `order` None has no starting number."""

    contestant: int
    state: str
    technical: Decimal | None
    order: int | None
    deductions: tuple[tuple[Decimal, str, str, bool], ...]


@dataclass(frozen=True)
class Segment:
    rule: dict[str, Any]
    weight: Decimal
    factors: tuple[Decimal, ...]
    seats: tuple[Seat, ...]
    starts: tuple[Start, ...]
    marks: tuple[Mark, ...]
    recusals: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Competition:
    rule: dict[str, Any]
    statuses: tuple[str, ...]
    segments: tuple[Segment, ...] = field(default=())


def _ties(draw: Any, kinds: list[Kind], named: dict[Kind, list[str]]) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(kinds), unique=True, max_size=4)) if kinds else []
    ties = []
    for kind in chosen:
        if kind in named:
            if not named[kind]:
                continue
            ties.append({"kind": kind.value, "of": draw(st.sampled_from(named[kind]))})
        else:
            ties.append({"kind": kind.value, "of": None})
    return ties


@st.composite
def scoring_rules(draw: Any, *, criteria: int, ordinal: bool) -> dict[str, Any]:
    aggregation = draw(st.sampled_from(Aggregation))
    trims = aggregation is Aggregation.TRIMMED_MEAN
    low, high = draw(st.sampled_from([(1, 1), (0, 1), (1, 0), (2, 1)])) if trims else (0, 0)
    unit = draw(st.sampled_from([Unit.CRITERION, Unit.CRITERION, Unit.JUDGE_TOTAL]))
    technical = draw(st.booleans())
    others = [Normalisation.NONE, Normalisation.NONE, Normalisation.Z_SCORE]
    normalisation = Normalisation.RANK if ordinal else draw(st.sampled_from(others))
    kinds = [Kind.COMPONENT_TOTAL, Kind.HEAD_TO_HEAD, Kind.HIGHER_MEDIAN]
    if technical:
        kinds.append(Kind.TECHNICAL_POINTS)
    if unit is Unit.CRITERION:
        kinds.append(Kind.CRITERION)
    floor = None if ordinal else draw(st.sampled_from([None, None, "0", "1.5"]))
    return {
        "aggregation": aggregation.value,
        "drop_low": low,
        "drop_high": high,
        "minimum_panel": low + high + draw(st.sampled_from([1, 1, 2])),
        "normalisation": normalisation.value,
        "normalisation_minimum": draw(st.sampled_from([2, 3])),
        "unit": unit.value,
        "missing": draw(st.sampled_from(MissingMarks)).value,
        "panel_places": draw(st.integers(0, 4)),
        "panel_rounding": draw(st.sampled_from(Rounding)).value,
        "factor_places": draw(st.integers(0, 3)),
        "factor_rounding": draw(st.sampled_from(Rounding)).value,
        "technical_points": technical,
        "deduction_floor": floor,
        "tie_breakers": _ties(draw, kinds, {Kind.CRITERION: [f"C{n}" for n in range(criteria)]}),
    }


@st.composite
def segments(draw: Any, *, contestants: int, ordinal: bool) -> Segment:
    criteria, seats = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    starters = draw(st.lists(st.integers(0, contestants - 1), unique=True, max_size=contestants))
    roles = st.sampled_from([SeatRole.JUDGE.value] * 5 + [SeatRole.HEAD_JUDGE.value, SeatRole.RESERVE.value])
    states = st.sampled_from([ScoreState.SCORED.value] * 12 + [ScoreState.ABSENT, ScoreState.ABSTAINED, MISSING])
    few = st.sampled_from(draw(st.sampled_from([MARKS, MARKS[:2], MARKS[4:7]])))
    marks = []
    for entry in range(len(starters)):
        for criterion in range(criteria):
            for seat in range(seats):
                state = str(draw(states))
                value = draw(few) if state == ScoreState.SCORED else None
                if state != MISSING:
                    marks.append(Mark(entry, criterion, seat, state, value))
    pairs = st.tuples(st.integers(0, max(0, seats - 1)), st.integers(0, contestants - 1))
    return Segment(
        rule=draw(scoring_rules(criteria=criteria, ordinal=ordinal)),
        weight=draw(st.sampled_from(FACTORS)),
        factors=tuple(draw(st.sampled_from(FACTORS)) for _ in range(criteria)),
        seats=tuple(Seat(draw(roles)) for _ in range(seats)),
        starts=tuple(draw(starts(contestant)) for contestant in starters),
        marks=tuple(marks),
        recusals=draw(st.frozensets(pairs, max_size=2)) if seats else frozenset(),
    )


@st.composite
def starts(draw: Any, contestant: int) -> Start:
    taken = st.tuples(
        st.sampled_from(POINTS),
        st.sampled_from([unit.value for unit in DeductionUnit]),
        st.sampled_from([stage.value for stage in DeductionStage]),
        st.sampled_from([False, False, False, True]),
    )
    return Start(
        contestant=contestant,
        state=draw(st.sampled_from([EntryState.ENTERED.value] * 6 + [state.value for state in EntryState])),
        technical=draw(st.sampled_from([*POINTS, *POINTS, None])),
        order=draw(st.sampled_from([None, 1, 2, 3])),
        deductions=tuple(draw(st.lists(taken, max_size=2))) if draw(st.integers(0, 3)) == 0 else (),
    )


@st.composite
def competitions(draw: Any) -> Competition:
    contestants = draw(st.integers(1, 5))
    combination = draw(st.sampled_from(Combination))
    ordinal = draw(st.sampled_from([False, False, True]))
    mixed = combination is Combination.SUM_OF_PLACEMENTS
    parts = tuple(
        draw(segments(contestants=contestants, ordinal=draw(st.booleans()) if mixed else ordinal))
        for _ in range(draw(st.integers(0, 3)))
    )
    criteria = [
        f"s{place}/C{number}"
        for place, part in enumerate(parts)
        if part.rule["unit"] == Unit.CRITERION
        for number in range(len(part.factors))
    ]
    named = {Kind.CRITERION: criteria, Kind.CATEGORY: [f"s{place}" for place in range(len(parts))]}
    floor = None if mixed or ordinal else draw(st.sampled_from([None, None, "2"]))
    rule = {
        "combination": combination.value,
        "incomplete": draw(st.sampled_from(Incomplete)).value,
        "places": draw(st.integers(0, 3)),
        "rounding": draw(st.sampled_from(Rounding)).value,
        "deduction_floor": floor,
        "tie_breakers": _ties(draw, list(Kind), named),
    }
    states = [ContestantStatus.ENTERED.value] * 6 + [status.value for status in ContestantStatus]
    return Competition(rule, tuple(draw(st.sampled_from(states)) for _ in range(contestants)), parts)


def build(competition: Competition, *, event: Event) -> models.Contest:
    """Write the competition into the database."""
    own = {"organization_id": event.organization_id}
    contest = models.Contest.objects.create(event=event, name="Random", slug="random", rule=competition.rule, **own)
    contestants = [
        models.Contestant(contest=contest, number=number, name=f"N{number}", status=status, **own)
        for number, status in enumerate(competition.statuses, start=1)
    ]
    judges = [models.Judge(name=f"Judge {number}", **own) for number in range(6)]
    models.Contestant.objects.bulk_create(contestants)
    models.Judge.objects.bulk_create(judges)
    for place, segment in enumerate(competition.segments):
        _build_segment(contest, place, segment, contestants, judges)
    return contest


def _build_segment(
    contest: models.Contest,
    place: int,
    segment: Segment,
    contestants: list[models.Contestant],
    judges: list[models.Judge],
) -> None:
    own = {"organization_id": contest.organization_id}
    category = models.Category.objects.create(
        contest=contest,
        name=f"S{place}",
        slug=f"s{place}",
        position=place,
        weight=segment.weight,
        rule=segment.rule,
        **own,
    )
    criteria = [
        models.Criterion(category=category, name=f"C{n}", position=n, factor=factor, **own)
        for n, factor in enumerate(segment.factors)
    ]
    seats = [
        models.Assignment(category=category, judge=judges[n], seat=f"J{n + 8}", role=seat.role, **own)
        for n, seat in enumerate(segment.seats)
    ]
    entries = [
        models.Entry(
            category=category,
            contestant=contestants[start.contestant],
            technical_points=start.technical,
            starting_order=start.order,
            state=start.state,
            **own,
        )
        for start in segment.starts
    ]
    models.Criterion.objects.bulk_create(criteria)
    models.Assignment.objects.bulk_create(seats)
    models.Entry.objects.bulk_create(entries)
    models.Recusal.objects.bulk_create(
        models.Recusal(assignment=seats[seat], contestant=contestants[number], reason="club", **own)
        for seat, number in segment.recusals
    )
    models.Score.objects.bulk_create(
        models.Score(
            entry=entries[mark.entry],
            criterion=criteria[mark.criterion],
            assignment=seats[mark.seat],
            state=mark.state,
            value=mark.value,
            **own,
        )
        for mark in segment.marks
    )
    _build_deductions(segment, entries)


def _build_deductions(segment: Segment, entries: list[models.Entry]) -> None:
    models.Deduction.objects.bulk_create(
        models.Deduction(
            entry=entry,
            amount=amount,
            unit=unit,
            stage=stage,
            reason="fall",
            reversed_at=entry.created_at if undone else None,
            organization_id=entry.organization_id,
        )
        for start, entry in zip(segment.starts, entries, strict=True)
        for amount, unit, stage, undone in start.deductions
    )
