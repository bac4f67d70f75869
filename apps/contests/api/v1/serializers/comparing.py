"""Rules that are tried, and what they would change."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.analysis import MoveSerializer
from apps.contests.api.v1.serializers.boards import BoardRowSerializer
from apps.contests.api.v1.serializers.fields import ContestRuleField, ScoringRuleField
from apps.contests.models import Contest
from apps.contests.models.structure import POINTS
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.rounding import canonical
from apps.contests.scoring.rule import ScoringRule
from apps.contests.selectors.analysis import Comparison, OtherRule
from apps.contests.selectors.board.policy import BoardPolicy
from apps.contests.selectors.board.rows import ContestantRow
from apps.contests.selectors.rendering import member_of
from apps.core.rest.serializers import StrictSerializer


class OtherRuleSerializer(StrictSerializer):
    """Another rule, another weight or both, for one category."""

    category = serializers.UUIDField()
    rule = ScoringRuleField(required=False)
    weight = serializers.DecimalField(**POINTS, min_value=0, required=False)  # type: ignore[arg-type]


class WhatIfSerializer(StrictSerializer):
    """Rules to try. What is left out stays as it is."""

    rule = ContestRuleField(required=False)
    categories = OtherRuleSerializer(many=True, required=False)

    @property
    def contest_rule(self) -> ContestRule | None:
        """The contest's rule to try."""
        given = self.validated_data.get("rule")
        return None if given is None else ContestRule.from_dict(given)

    @property
    def category_rules(self) -> list[OtherRule]:
        """Those of categories."""
        return [
            OtherRule(
                category_id=given["category"],
                rule=ScoringRule.from_dict(given["rule"]) if "rule" in given else None,
                weight=given.get("weight"),
                pointer=f"#/categories/{place}",
            )
            for place, given in enumerate(self.validated_data.get("categories", []))
        ]


class TriedRuleSerializer(StrictSerializer):
    """The rule of a category."""

    category = serializers.UUIDField()
    weight = serializers.CharField()
    rule = serializers.DictField()


class TriedStandingsSerializer(StrictSerializer):
    """A winner list, and the rules that give it."""

    rule = serializers.DictField()
    categories = TriedRuleSerializer(many=True)
    rows = BoardRowSerializer(many=True)


class ComparisonSerializer(StrictSerializer):
    """The winner list by the rules as they are, and by the others."""

    contest = serializers.UUIDField()
    policy_version = serializers.IntegerField()
    before = TriedStandingsSerializer()
    after = TriedStandingsSerializer()
    moved = MoveSerializer(many=True)


def show_comparison(contest: Contest, found: Comparison) -> dict[str, Any]:
    """As `ComparisonSerializer`."""
    return {
        "contest": contest.pk,
        "policy_version": contest.policy_version,
        "before": _standings(*found.before),
        "after": _standings(*found.after),
        "moved": [
            {"contestant": member_of(move.contestant), "before": move.before, "after": move.after}
            for move in found.moved
        ],
    }


def _standings(policy: BoardPolicy, rows: list[ContestantRow]) -> dict[str, Any]:
    return {
        "rule": policy.rule.to_dict(),
        "categories": [
            {
                "category": found.category.pk,
                "weight": canonical(found.category.weight),
                "rule": found.rule.to_dict(),
            }
            for found in policy.categories
        ],
        "rows": rows,
    }
