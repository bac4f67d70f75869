"""The rules of a contest and its categories, ready for the statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.contests.models import Category, Contest, Criterion
from apps.contests.scoring.contest_rule import Combination, ContestRule
from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.rounding import canonical
from apps.contests.scoring.rule import Aggregation, MissingMarks, Normalisation, ScoringRule, Unit
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from apps.core.errors import FieldError

BALLOT_KINDS = frozenset({TieBreakerKind.HEAD_TO_HEAD, TieBreakerKind.HIGHER_MEDIAN})


@dataclass(frozen=True, slots=True)
class CategoryPolicy:
    """A category, its rule and its criteria in order. Its key is its slug, a criterion's key its name."""

    category: Category
    rule: ScoringRule
    criteria: tuple[Criterion, ...]

    def criterion_id(self, name: str | None) -> UUID | None:
        """The criterion that a tie-breaker names."""
        return next((criterion.pk for criterion in self.criteria if criterion.name == name), None)

    def row(self, depth: int) -> dict[str, object]:
        """The rule as a row of the statement's `rule` relation, with `depth` tie-breakers."""
        rule = self.rule
        row: dict[str, object] = {
            "category_id": str(self.category.pk),
            "category_key": self.category.slug,
            "position": self.category.position,
            "weight": canonical(self.category.weight),
            "aggregation": rule.aggregation,
            "trims": rule.aggregation is Aggregation.TRIMMED_MEAN,
            "drop_low": rule.drop_low,
            "drop_high": rule.drop_high,
            "minimum_panel": rule.minimum_panel,
            "normalisation": rule.normalisation,
            "normalisation_minimum": rule.normalisation_minimum,
            "by_criterion": rule.unit is Unit.CRITERION,
            "blocks": rule.missing is MissingMarks.BLOCK,
            "panel_places": rule.panel_places,
            "panel_rounding": rule.panel_rounding,
            "factor_places": rule.factor_places,
            "factor_rounding": rule.factor_rounding,
            "shown_places": rule.factor_places if rule.unit is Unit.CRITERION else rule.panel_places,
            "counts_technical": rule.technical_points,
            "deduction_floor": None if rule.deduction_floor is None else canonical(rule.deduction_floor),
            "direction": -1 if rule.lower_is_better else 1,
        }
        for place in range(depth):
            tie_breaker = rule.tie_breakers[place] if place < len(rule.tie_breakers) else None
            row |= self._tie_breaker(place, tie_breaker)
        return row

    def _tie_breaker(self, place: int, tie_breaker: TieBreaker | None) -> dict[str, object]:
        return {
            f"tie_{place}": tie_breaker.kind if tie_breaker else None,
            f"tie_{place}_name": tie_breaker.name if tie_breaker else None,
            f"tie_{place}_criterion": str(self.criterion_id(tie_breaker.of))
            if tie_breaker and tie_breaker.of
            else None,
        }


@dataclass(frozen=True, slots=True)
class BoardPolicy:
    """Everything about a contest's rules that the statement is made of."""

    contest: Contest
    rule: ContestRule
    categories: tuple[CategoryPolicy, ...]

    @property
    def normalises(self) -> bool:
        return any(category.rule.normalisation is not Normalisation.NONE for category in self.categories)

    @property
    def units(self) -> frozenset[Unit]:
        return frozenset(category.rule.unit for category in self.categories)

    @property
    def tie_depth(self) -> int:
        """Most tie-breakers that a category has."""
        return max((len(category.rule.tie_breakers) for category in self.categories), default=0)

    def kinds_at(self, place: int) -> frozenset[TieBreakerKind]:
        """Which kinds the categories have as tie-breaker number `place`."""
        return frozenset(
            category.rule.tie_breakers[place].kind
            for category in self.categories
            if place < len(category.rule.tie_breakers)
        )

    @property
    def lower_is_better(self) -> bool:
        """Whether the lowest total wins the contest."""
        ordinal = any(category.rule.lower_is_better for category in self.categories)
        return ordinal or self.rule.combination is Combination.SUM_OF_PLACEMENTS

    @property
    def has_ballots(self) -> bool:
        """Whether a tie-breaker looks at the judges' own totals."""
        tie_breakers = [*self.rule.tie_breakers]
        for category in self.categories:
            tie_breakers += category.rule.tie_breakers
        return any(tie_breaker.kind in BALLOT_KINDS for tie_breaker in tie_breakers)

    def parameters(self) -> dict[str, object]:
        """The parameters that every board's statement has."""
        return {
            "contest": self.contest.pk,
            "contestants": None,
            "categories": [category.category.pk for category in self.categories],
            "rules": json.dumps([category.row(self.tie_depth) for category in self.categories]),
        }


def load_policy(contest: Contest, *, only: UUID | None = None) -> BoardPolicy:
    """The rules of a contest, or of `only` one of its categories, in two queries.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
    """
    categories = list(Category.objects.filter(contest=contest).order_by("position", "id"))
    criteria = Criterion.objects.filter(category__contest=contest).order_by("position", "id")
    return policy_of(contest, categories, criteria, only=only)


def policy_of(
    contest: Contest, categories: Sequence[Category], criteria: Iterable[Criterion], *, only: UUID | None = None
) -> BoardPolicy:
    """The rules of a contest, or of `only` one of its categories, from these rows in their order.

    Raises:
        InvalidRule: a rule can't be applied to this structure.
    """
    listed: dict[UUID, list[Criterion]] = {category.pk: [] for category in categories}
    for criterion in criteria:
        if criterion.category_id in listed:
            listed[criterion.category_id].append(criterion)
    policies = tuple(
        CategoryPolicy(category, read_scoring_rule(category), tuple(listed[category.pk]))
        for category in categories
        if only in (None, category.pk)
    )
    rule = ContestRule() if only else ContestRule.from_dict(contest.rule)
    check_policy(rule, policies)
    return BoardPolicy(contest, rule, policies)


def read_scoring_rule(category: Category) -> ScoringRule:
    """The rule of a category.

    Raises:
        InvalidRule: with pointers that lead through the category.
    """
    try:
        return ScoringRule.from_dict(category.rule)
    except InvalidRule as error:
        raise InvalidRule(
            f"The rule of {category.slug!r} can't be applied.",
            errors=[_under(category, found) for found in error.errors],
        ) from error


def _under(category: Category, found: FieldError) -> FieldError:
    return FieldError(f"#/categories/{category.slug}/rule{found.pointer.removeprefix('#')}", found.code, found.detail)


def check_policy(rule: ContestRule, categories: Sequence[CategoryPolicy]) -> None:
    """Refuse rules that don't fit together or name what is not there, as the scoring core does.

    Raises:
        InvalidRule: naming each field.
    """
    errors = [
        FieldError(
            f"#/categories/{policy.category.slug}/rule/tie_breakers/{place}/of",
            "unknown",
            f"there is no criterion '{tie_breaker.of}'",
        )
        for policy in categories
        for place, tie_breaker in enumerate(policy.rule.tie_breakers)
        if tie_breaker.of is not None and policy.criterion_id(tie_breaker.of) is None
    ]
    errors += _faults_of_contest(rule, categories)
    if errors:
        raise InvalidRule("The rules don't fit the contest's categories and criteria.", errors=errors)


def _faults_of_contest(rule: ContestRule, categories: Sequence[CategoryPolicy]) -> list[FieldError]:
    errors = []
    ways = {policy.rule.lower_is_better for policy in categories}
    if rule.combination is Combination.WEIGHTED_SUM and len(ways) > 1:
        sentence = "totals that the highest wins and totals that the lowest wins can't be added up"
        errors.append(FieldError("#/rule/combination", "invalid", sentence))
    if rule.deduction_floor is not None and True in ways:
        sentence = "has no meaning where the lowest total wins"
        errors.append(FieldError("#/rule/deduction_floor", "invalid", sentence))
    known = {
        TieBreakerKind.CATEGORY: {policy.category.slug for policy in categories},
        TieBreakerKind.CRITERION: {
            f"{policy.category.slug}/{criterion.name}"
            for policy in categories
            if policy.rule.unit is Unit.CRITERION
            for criterion in policy.criteria
        },
    }
    errors += [
        FieldError(f"#/rule/tie_breakers/{place}/of", "unknown", f"there is no {tie_breaker.kind} '{tie_breaker.of}'")
        for place, tie_breaker in enumerate(rule.tie_breakers)
        if tie_breaker.of is not None and tie_breaker.of not in known[tie_breaker.kind]
    ]
    return errors
