"""A category from its sheet to its standings.

    unit score      = round(round(panel) * factor)             for each criterion
    component total = Σ unit scores                            (with unit `judge_total`: its panel score)
    subtotal        = component total + technical points       (the latter only if the rule counts them)
    total           = subtotal - deductions                    (see `totals`)

A total is None as soon as one of its parts is: it is never computed from what happens to be there. In a
category of ordinals the lowest total wins, so there technical points are subtracted and deductions added:
whatever the rule, technical points make a total better and deductions make it worse.

Entries that don't compete (no-show, withdrawn, disqualified) have no scores and no total, and their marks
take no part in anybody's normalisation; the marks stay visible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.marks import CategorySheet, DeductionStage, Entry, EntryStatus
from apps.contests.scoring.panel import JudgeValue, PanelFault, PanelScore, score_panel, unscored_panel
from apps.contests.scoring.ranking import Contender, Placing, rank
from apps.contests.scoring.rounding import exact_arithmetic, round_to
from apps.contests.scoring.rule import ScoringRule, Unit
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from apps.contests.scoring.totals import DeductionTerms, deduct
from apps.contests.scoring.units import Ballots, Lines, judge_ballots, unit_lines
from apps.core.errors import FieldError


class EntryFault(StrEnum):
    """Why an entry has no total, apart from its panels (`PanelFault`)."""

    TECHNICAL_POINTS_MISSING = "technical_points_missing"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a competing entry has no total; `unit` is the criterion, if it is about one.

    A category whose rule has `missing: block` can't be locked while a MISSING_MARK is among them.
    """

    entry: str
    reason: PanelFault | EntryFault
    unit: str | None = None
    judges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitScore:
    """`unit` is a criterion's key, None for the judges' totals; `score` is panel score * factor, rounded."""

    unit: str | None
    factor: Decimal
    panel: PanelScore
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class EntryResult:
    """One line of the standings. `deductions` is what was imposed, also where a floor stopped it."""

    key: str
    status: EntryStatus
    units: tuple[UnitScore, ...]
    component_total: Decimal | None
    technical_points: Decimal | None
    subtotal: Decimal | None
    deductions: Decimal | None
    total: Decimal | None
    ballots: tuple[Decimal | None, ...]
    problems: tuple[Problem, ...] = ()
    place: int | None = None
    shared: bool = False
    decided_by: tuple[str, ...] = ()

    def value_of(self, tie_breaker: TieBreaker) -> Decimal | None:
        """The number that this tie-breaker compares, as shown; None too for those that compare ballots."""
        if tie_breaker.kind is TieBreakerKind.CRITERION:
            return next((unit.score for unit in self.units if unit.unit == tie_breaker.of), None)
        if tie_breaker.kind is TieBreakerKind.COMPONENT_TOTAL:
            return self.component_total
        return self.technical_points if tie_breaker.kind is TieBreakerKind.TECHNICAL_POINTS else None


@dataclass(frozen=True, slots=True)
class CategoryResult:
    """`entries` as a result lists them: by place, then without a total, no-show, withdrawn, disqualified.

    `criteria` are those with a score of their own, so none where judges' totals are aggregated.
    """

    rule: ScoringRule
    judges: tuple[str, ...]
    criteria: tuple[str, ...]
    entries: tuple[EntryResult, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for entry in self.entries for problem in entry.problems)

    @property
    def by_entry(self) -> Mapping[str, EntryResult]:
        return {entry.key: entry for entry in self.entries}


@dataclass(frozen=True, slots=True)
class PreparedCategory:
    """Marks sorted into panels and normalised: what stays the same whichever seats are counted."""

    sheet: CategorySheet
    rule: ScoringRule
    lines: Lines
    ballots: Ballots

    def reseated(self, seats: Sequence[int]) -> PreparedCategory:
        """The same category judged by these seats (indices into `sheet.judges`, repeated ones counting
        twice).

        Normalising looks at one judge at a time, so it needs no repeating.
        """
        return replace(
            self,
            lines={
                key: tuple(tuple(line[seat] for seat in seats) for line in lines) for key, lines in self.lines.items()
            },
            ballots={key: tuple(ballots[seat] for seat in seats) for key, ballots in self.ballots.items()},
        )


def score_category(sheet: CategorySheet, rule: ScoringRule) -> CategoryResult:
    """The standings of a category. InvalidRule where a tie-breaker names a criterion that isn't there."""
    return score_prepared(prepare_category(sheet, rule))


def prepare_category(sheet: CategorySheet, rule: ScoringRule) -> PreparedCategory:
    """The part of `score_category` that comes before the panels."""
    known = {criterion.key for criterion in sheet.criteria}
    unknown = [
        FieldError(f"#/tie_breakers/{position}/of", "unknown", f"there is no criterion '{tie_breaker.of}'")
        for position, tie_breaker in enumerate(rule.tie_breakers)
        if tie_breaker.kind is TieBreakerKind.CRITERION and tie_breaker.of not in known
    ]
    if unknown:
        raise InvalidRule("A tie-breaker names a criterion that the category doesn't have.", errors=unknown)
    with exact_arithmetic():
        return PreparedCategory(sheet, rule, unit_lines(sheet, rule), judge_ballots(sheet))


def score_prepared(category: PreparedCategory) -> CategoryResult:
    """The part of `score_category` from the panels on."""
    rule = category.rule
    with exact_arithmetic():
        results = {entry.key: _score_entry(entry, category) for entry in category.sheet.entries}
        contenders = [_contender(result, rule) for result in results.values()]
    placings = rank(contenders, rule.tie_breakers)
    return CategoryResult(
        rule,
        category.sheet.judges,
        () if rule.unit is Unit.JUDGE_TOTAL else tuple(criterion.key for criterion in category.sheet.criteria),
        tuple(_placed(results[placing.key], placing) for placing in placings),
    )


def _score_entry(entry: Entry, category: PreparedCategory) -> EntryResult:
    units = _score_units(entry, category)
    problems = [
        Problem(entry.key, unit.panel.fault, unit.unit, unit.panel.faulty) for unit in units if unit.panel.fault
    ]
    rule = category.rule
    if entry.competes and rule.technical_points and entry.technical_points is None:
        problems.append(Problem(entry.key, EntryFault.TECHNICAL_POINTS_MISSING))
    scores = [unit.score for unit in units if unit.score is not None]
    components = sum(scores, Decimal(0)) if entry.competes and len(scores) == len(units) else None
    subtotal = deducted = None
    if components is not None and not problems:
        technical = (entry.technical_points if rule.technical_points else None) or Decimal(0)
        subtotal = components - technical if rule.lower_is_better else components + technical
        deducted = deduct(
            subtotal,
            [deduction for deduction in entry.deductions if deduction.stage is DeductionStage.CATEGORY],
            DeductionTerms(rule.factor_places, rule.factor_rounding, rule.deduction_floor, rule.lower_is_better),
        )
    return EntryResult(
        key=entry.key,
        status=entry.status,
        units=units,
        component_total=components,
        technical_points=entry.technical_points,
        subtotal=subtotal,
        deductions=deducted.deductions if deducted else None,
        total=deducted.total if deducted else None,
        ballots=category.ballots[entry.key],
        problems=tuple(problems),
    )


def _score_units(entry: Entry, category: PreparedCategory) -> tuple[UnitScore, ...]:
    lines = category.lines[entry.key]
    if category.rule.unit is Unit.JUDGE_TOTAL:
        return tuple(_score_unit(None, Decimal(1), line, entry, category.rule) for line in lines)
    return tuple(
        _score_unit(criterion.key, criterion.factor, line, entry, category.rule)
        for criterion, line in zip(category.sheet.criteria, lines, strict=True)
    )


def _score_unit(
    unit: str | None, factor: Decimal, line: Sequence[JudgeValue], entry: Entry, rule: ScoringRule
) -> UnitScore:
    panel = score_panel(line, rule) if entry.competes else unscored_panel(line)
    score = panel.score
    if score is not None and unit is not None:
        score = round_to(score * factor, places=rule.factor_places, mode=rule.factor_rounding)
    return UnitScore(unit, factor, panel, score)


def _contender(result: EntryResult, rule: ScoringRule) -> Contender:
    return Contender(
        key=result.key,
        status=result.status,
        merit=None if result.total is None else (-result.total if rule.lower_is_better else result.total,),
        values={tie_breaker: merit_of(result, rule, tie_breaker) for tie_breaker in rule.tie_breakers},
        ballots=result.ballots,
    )


def merit_of(result: EntryResult, rule: ScoringRule, tie_breaker: TieBreaker) -> Decimal | None:
    """What this tie-breaker compares, turned so that higher is better. Technical points are so already."""
    value = result.value_of(tie_breaker)
    turned = rule.lower_is_better and tie_breaker.kind is not TieBreakerKind.TECHNICAL_POINTS
    return -value if turned and value is not None else value


def _placed(result: EntryResult, placing: Placing) -> EntryResult:
    return replace(result, place=placing.place, shared=placing.shared, decided_by=placing.decided_by)
