"""From the standings of the categories to the one winner list of the contest.

    part      = round(value * weight)     value: the category's total, or the place in it
    (`sum_of_placements`) subtotal  = Σ parts total     = subtotal - deductions     those of the contest's
    stage, see `totals`

A place is the one that the category's own tie-breakers gave, shared places as they are (1, 2, 2, 4).
Placements, and totals of categories of ordinals, are won by the lowest sum: then deductions are added. Such
categories can't be mixed with others in a weighted sum (InvalidRule).

Tie-breakers look at the categories that are part of the contestant's subtotal: technical points (where the
category counts them) and component totals are summed, unweighted; `category` compares that category's total,
`criterion` (`<category>/<criterion>`) that unit score; a value from no category at all is a missing one. The
ballots of all categories' judges count alike in `head_to_head` and `higher_median`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from apps.contests.scoring.category import CategoryResult, EntryResult, merit_of
from apps.contests.scoring.contest_rule import Combination, ContestRule, Incomplete
from apps.contests.scoring.errors import InvalidRule, InvalidSheet
from apps.contests.scoring.marks import Deduction, DeductionStage, EntryStatus, deduction_fault
from apps.contests.scoring.ranking import Contender, Placing, rank
from apps.contests.scoring.rounding import exact_arithmetic, number_fault, round_to
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from apps.contests.scoring.totals import Deducted, DeductionTerms, deduct
from apps.core.errors import FieldError


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who takes part, under the key of their entries. Deductions of the category's stage are ignored here."""

    key: str
    status: EntryStatus = EntryStatus.ENTERED
    deductions: tuple[Deduction, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightedCategory:
    """A computed category and its weight, zero or more. Its key has no slash (see tie-breakers)."""

    key: str
    weight: Decimal
    result: CategoryResult


@dataclass(frozen=True, slots=True)
class ContestPart:
    """What one category adds: `value` is its total or place, `weighted` that times the weight, rounded."""

    category: str
    value: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class ContestantResult:
    """One line of the winner list. `parts` has an item for each category with a value, in their order."""

    key: str
    status: EntryStatus
    parts: tuple[ContestPart, ...]
    subtotal: Decimal | None
    deductions: Decimal | None
    total: Decimal | None
    place: int | None = None
    shared: bool = False
    decided_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContestResult:
    """`contestants` as a result lists them; those without a place last."""

    rule: ContestRule
    contestants: tuple[ContestantResult, ...]


@dataclass(frozen=True, slots=True)
class _Combining:
    """A contest's categories under its rule, and which way they are won."""

    categories: tuple[WeightedCategory, ...]
    standings: tuple[Mapping[str, EntryResult], ...]
    rule: ContestRule
    lower_is_better: bool

    def entries(self, key: str) -> Iterator[tuple[WeightedCategory, EntryResult | None]]:
        for category, standing in zip(self.categories, self.standings, strict=True):
            yield category, standing.get(key)


def score_contest(
    contestants: Sequence[Contestant], categories: Sequence[WeightedCategory], rule: ContestRule
) -> ContestResult:
    """The winner list. `contestants` in the order in which tied ones are listed.

    InvalidRule where the rule doesn't fit the categories, InvalidSheet where an entry belongs to nobody.
    """
    _check_rule(categories, rule)
    _check_sheet(contestants, categories)
    ordinal = any(category.result.rule.lower_is_better for category in categories)
    lower = ordinal or rule.combination is Combination.SUM_OF_PLACEMENTS
    standings = tuple(category.result.by_entry for category in categories)
    combining = _Combining(tuple(categories), standings, rule, lower)
    with exact_arithmetic():
        results = {contestant.key: _combine(contestant, combining) for contestant in contestants}
        contenders = [_contender(result, combining) for result in results.values()]
    placings = rank(contenders, rule.tie_breakers)
    return ContestResult(rule, tuple(_placed(results[placing.key], placing) for placing in placings))


def _combine(contestant: Contestant, combining: _Combining) -> ContestantResult:
    rule = combining.rule
    parts = []
    for category, entry in combining.entries(contestant.key):
        value = _value(entry, rule)
        if value is not None:
            weighted = round_to(value * category.weight, places=rule.places, mode=rule.rounding)
            parts.append(ContestPart(category.key, value, weighted))
    enough = 1 if rule.incomplete is Incomplete.BEHIND else len(combining.categories)
    subtotal: Decimal | None = None
    deducted: Deducted | None = None
    if contestant.status is EntryStatus.ENTERED and parts and len(parts) >= enough:
        subtotal = sum((part.weighted for part in parts), Decimal(0))
        deducted = deduct(
            subtotal,
            [deduction for deduction in contestant.deductions if deduction.stage is DeductionStage.CONTEST],
            DeductionTerms(rule.places, rule.rounding, rule.deduction_floor, combining.lower_is_better),
        )
    return ContestantResult(
        key=contestant.key,
        status=contestant.status,
        parts=tuple(parts),
        subtotal=subtotal,
        deductions=deducted.deductions if deducted else None,
        total=deducted.total if deducted else None,
    )


def _value(entry: EntryResult | None, rule: ContestRule) -> Decimal | None:
    if entry is None:
        return None
    if rule.combination is Combination.WEIGHTED_SUM:
        return entry.total
    return None if entry.place is None else Decimal(entry.place)


def _contender(result: ContestantResult, combining: _Combining) -> Contender:
    merit: tuple[Decimal, ...] | None = None
    if result.total is not None:
        total = -result.total if combining.lower_is_better else result.total
        merit = (Decimal(len(result.parts)), total)
    ballots: list[Decimal | None] = []
    for category, entry in combining.entries(result.key):
        ballots.extend(entry.ballots if entry else [None] * len(category.result.judges))
    values = {tie_breaker: _tie_value(result, tie_breaker, combining) for tie_breaker in combining.rule.tie_breakers}
    return Contender(result.key, result.status, merit, values, tuple(ballots))


def _tie_value(result: ContestantResult, tie_breaker: TieBreaker, combining: _Combining) -> Decimal | None:
    """What the tie-breaker compares, higher being better; over the categories that make up the total."""
    scored = {part.category for part in result.parts}
    values = [
        _value_in_category(category, entry, tie_breaker)
        for category, entry in combining.entries(result.key)
        if entry is not None and category.key in scored and _concerns(category, tie_breaker)
    ]
    given = [value for value in values if value is not None]
    return sum(given, Decimal(0)) if given else None


def _concerns(category: WeightedCategory, tie_breaker: TieBreaker) -> bool:
    if tie_breaker.kind is TieBreakerKind.CATEGORY:
        return tie_breaker.of == category.key
    if tie_breaker.kind is TieBreakerKind.CRITERION:
        return (tie_breaker.of or "").partition("/")[0] == category.key
    return tie_breaker.kind is not TieBreakerKind.TECHNICAL_POINTS or category.result.rule.technical_points


def _value_in_category(category: WeightedCategory, entry: EntryResult, tie_breaker: TieBreaker) -> Decimal | None:
    rule = category.result.rule
    if tie_breaker.kind is TieBreakerKind.CATEGORY:
        return -entry.total if rule.lower_is_better and entry.total is not None else entry.total
    if tie_breaker.of is not None:
        tie_breaker = replace(tie_breaker, of=tie_breaker.of.partition("/")[2])
    return merit_of(entry, rule, tie_breaker)


def _check_rule(categories: Sequence[WeightedCategory], rule: ContestRule) -> None:
    errors = []
    ways = {category.result.rule.lower_is_better for category in categories}
    if rule.combination is Combination.WEIGHTED_SUM and len(ways) > 1:
        sentence = "totals that the highest wins and totals that the lowest wins can't be added up"
        errors.append(FieldError("#/combination", "invalid", sentence))
    if rule.deduction_floor is not None and True in ways:
        errors.append(FieldError("#/deduction_floor", "invalid", "has no meaning where the lowest total wins"))
    criteria = {f"{category.key}/{key}" for category in categories for key in category.result.criteria}
    known = {
        TieBreakerKind.CATEGORY: {category.key for category in categories},
        TieBreakerKind.CRITERION: criteria,
    }
    errors += [
        FieldError(f"#/tie_breakers/{position}/of", "unknown", f"there is no {tie_breaker.kind} '{tie_breaker.of}'")
        for position, tie_breaker in enumerate(rule.tie_breakers)
        if tie_breaker.of is not None and tie_breaker.of not in known[tie_breaker.kind]
    ]
    if errors:
        raise InvalidRule("The contest's rule doesn't fit its categories.", errors=errors)


def _check_sheet(contestants: Sequence[Contestant], categories: Sequence[WeightedCategory]) -> None:
    errors = []
    known = {contestant.key for contestant in contestants}
    for position, contestant in enumerate(contestants):
        faults = [fault for deduction in contestant.deductions if (fault := deduction_fault(deduction))]
        errors += [FieldError(f"#/contestants/{position}/deductions", "invalid", fault) for fault in faults]
    if len(known) != len(contestants):
        errors.append(FieldError("#/contestants", "duplicate", "a contestant is listed twice"))
    for place, category in enumerate(categories):
        fault = number_fault(category.weight) or ("must not be negative" if category.weight < 0 else None)
        if fault:
            errors.append(FieldError(f"#/categories/{place}/weight", "invalid", f"the weight {fault}"))
        if "/" in category.key:
            errors.append(FieldError(f"#/categories/{place}/key", "invalid", "a category's key has no slash"))
        strangers = sorted(category.result.by_entry.keys() - known)
        errors += [
            FieldError(f"#/categories/{place}/entries", "unknown", f"there is no contestant '{key}'")
            for key in strangers
        ]
    if errors:
        raise InvalidSheet("The contestants and the categories don't fit together.", errors=errors)


def _placed(result: ContestantResult, placing: Placing) -> ContestantResult:
    return replace(result, place=placing.place, shared=placing.shared, decided_by=placing.decided_by)
