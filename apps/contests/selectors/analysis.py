"""What results say about judges, places and rules: by the scoring core, on the rows as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from apps.contests.models import Assignment, Contest, Contestant
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.judge_statistics import JudgeStatistics, judge_statistics
from apps.contests.scoring.rule import ScoringRule
from apps.contests.scoring.stability import JudgedCategory, Stability, contest_stability
from apps.contests.selectors.board.policy import BoardPolicy, CategoryPolicy, check_policy
from apps.contests.selectors.board.rows import ContestantRow, Visibility
from apps.contests.selectors.rendering import contestant_rows
from apps.contests.selectors.sheets import (
    ContestSheets,
    compute_standings,
    contenders_of,
    read_sheets,
)
from apps.core.errors import FieldError, Invalid

MOST_DRAWS = 1000
DEFAULT_DRAWS = 200
# Panels that one request computes, at about 35 µs each: every draw and every judge left out computes all panels of
# the contest once.
MOST_PANELS = 100_000


@dataclass(frozen=True, slots=True)
class JudgeLine:
    """One seat and what its marks say."""

    seat: Assignment
    statistics: JudgeStatistics


@dataclass(frozen=True, slots=True)
class CategoryJudges:
    """The panel of one category, in seat order."""

    policy: CategoryPolicy
    judges: tuple[JudgeLine, ...]


@dataclass(frozen=True, slots=True)
class ContestStability:
    """How firm the places are; the core's keys are those of these contestants, categories and seats."""

    stability: Stability
    contestants: Mapping[str, Contestant]
    policies: Mapping[str, CategoryPolicy]
    seats: Mapping[str, Assignment]


@dataclass(frozen=True, slots=True)
class OtherRule:
    """What is to be tried for one category; what is None stays as it is. `pointer` is where it was given."""

    category_id: UUID
    rule: ScoringRule | None = None
    weight: Decimal | None = None
    pointer: str = "#"


@dataclass(frozen=True, slots=True)
class Move:
    """Whose place would be another one; None is no place."""

    contestant: Contestant
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both winner lists, with the rules that they were computed by."""

    before: tuple[BoardPolicy, list[ContestantRow]]
    after: tuple[BoardPolicy, list[ContestantRow]]
    moved: tuple[Move, ...]


def read_judge_statistics(contest: Contest) -> list[CategoryJudges]:
    """How each judge of each category marked, beside the others.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
    """
    sheets = read_sheets(contest)
    standings = compute_standings(sheets)
    seats = {str(seat.pk): seat for seat in sheets.seats}
    return [
        CategoryJudges(
            policy,
            tuple(
                JudgeLine(seats[found.judge], found)
                for found in judge_statistics(
                    sheets.sheets[policy.category.pk], standings.categories[policy.category.pk]
                )
            ),
        )
        for policy in sheets.policy.categories
    ]


def read_stability(contest: Contest, *, seed: str | None = None, draws: int = DEFAULT_DRAWS) -> ContestStability:
    """How firm the places of a contest are.

    Args:
        seed: of the draws; by default the contest's id, so that nobody picks the seed that suits them.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
        Invalid: the contest is too large for so many draws.
    """
    sheets = read_sheets(contest)
    _require_affordable(sheets, draws)
    policies = sheets.policy.categories
    stability = contest_stability(
        contenders_of(sheets),
        [
            JudgedCategory(
                policy.category.slug, policy.category.weight, sheets.sheets[policy.category.pk], policy.rule
            )
            for policy in policies
        ],
        sheets.policy.rule,
        seed=seed or str(contest.pk),
        draws=draws,
    )
    return ContestStability(
        stability,
        contestants={str(contestant.pk): contestant for contestant in sheets.contestants},
        policies={policy.category.slug: policy for policy in policies},
        seats={str(seat.pk): seat for seat in sheets.seats},
    )


def compare_rules(contest: Contest, *, rule: ContestRule | None, categories: Sequence[OtherRule]) -> Comparison:
    """Both winner lists: by the rules as they are, and by these. Nothing is changed.

    Raises:
        InvalidRule: with the pointer of each field of the other rules that doesn't fit the contest.
        Invalid: a category is not of this contest, or named twice.
    """
    sheets = read_sheets(contest)
    _require_known(sheets.policy, categories)
    policy = _with_other_rules(sheets.policy, rule, categories)
    other: ContestSheets = replace(sheets, policy=policy)
    before, after = compute_standings(sheets), compute_standings(other)
    contestants = {str(contestant.pk): contestant for contestant in sheets.contestants}
    places = {line.key: line.place for line in before.contest.contestants}
    figures_only = Visibility()
    return Comparison(
        before=(sheets.policy, contestant_rows(sheets, before, figures_only)),
        after=(policy, contestant_rows(other, after, figures_only)),
        moved=tuple(
            Move(contestants[line.key], places[line.key], line.place)
            for line in after.contest.contestants
            if line.place != places[line.key]
        ),
    )


def _require_affordable(sheets: ContestSheets, draws: int) -> None:
    panels = sum(len(sheet.entries) * max(1, len(sheet.criteria)) for sheet in sheets.sheets.values())
    runs = draws + sum(len(sheet.judges) for sheet in sheets.sheets.values())
    if panels * runs <= MOST_PANELS:
        return
    room = max(0, MOST_PANELS // panels - (runs - draws))
    detail = f"This contest has {panels} panels: at most {room} draws can be computed in one request."
    raise Invalid(detail, errors=[FieldError("?draws", "TOO_MANY_DRAWS", detail)])


def _require_known(policy: BoardPolicy, categories: Sequence[OtherRule]) -> None:
    known = {found.category.pk for found in policy.categories}
    errors, seen = [], set()
    for other in categories:
        if other.category_id not in known:
            detail = "There is no such category in this contest."
            errors.append(FieldError(f"{other.pointer}/category", "DOES_NOT_EXIST", detail))
        elif other.category_id in seen:
            errors.append(FieldError(f"{other.pointer}/category", "DUPLICATE", "This category is named twice."))
        seen.add(other.category_id)
    if errors:
        raise Invalid("The other rules don't fit the contest's categories.", errors=errors)


def _with_other_rules(policy: BoardPolicy, rule: ContestRule | None, categories: Sequence[OtherRule]) -> BoardPolicy:
    others = {other.category_id: other for other in categories}
    tried = replace(
        policy,
        rule=rule or policy.rule,
        categories=tuple(_tried(found, others.get(found.category.pk)) for found in policy.categories),
    )
    try:
        check_policy(tried.rule, tried.categories)
    except InvalidRule as error:
        pointers = {
            f"#/categories/{found.category.slug}/": f"{others[found.category.pk].pointer}/"
            for found in policy.categories
            if found.category.pk in others
        }
        raise InvalidRule(error.detail, errors=[_pointed(found, pointers) for found in error.errors]) from error
    return tried


def _tried(policy: CategoryPolicy, other: OtherRule | None) -> CategoryPolicy:
    if other is None:
        return policy
    category = copy(policy.category)
    if other.weight is not None:
        category.weight = other.weight
    return replace(policy, category=category, rule=other.rule or policy.rule)


def _pointed(found: FieldError, pointers: Mapping[str, str]) -> FieldError:
    """With the pointer into the other rules as they were given, where the rules themselves go by slugs."""
    for by_slug, given in pointers.items():
        if found.pointer.startswith(by_slug):
            return replace(found, pointer=given + found.pointer.removeprefix(by_slug))
    return found
