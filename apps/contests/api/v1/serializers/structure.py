"""Contests, categories, criteria, and the bodies of transitions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.fields import ContestRuleField, PartSerializer, ScoringRuleField
from apps.contests.models import Category, Contest, Criterion
from apps.contests.policies import SIGNING_ROLES, allowed_transitions
from apps.core.rest.serializers import StrictSerializer

SLUG = "Unique among its live siblings; made from the name when left out."
STAMPS = ["created_at", "updated_at", "version"]
REASON_LENGTH = 1000


class ContestSerializer(PartSerializer):
    """A contest. Its status changes by transitions only; `transitions` names those that are allowed now."""

    create_only = ("event",)

    url = serializers.HyperlinkedIdentityField(view_name="contests:contest-detail")
    leaderboard = serializers.HyperlinkedIdentityField(view_name="contests:contest-leaderboard")
    slug = serializers.SlugField(max_length=80, required=False, help_text=SLUG)
    rule = ContestRuleField(required=False)
    sign_off = serializers.ListField(
        child=serializers.ChoiceField(choices=SIGNING_ROLES),
        required=False,
        min_length=1,
        max_length=10,
        help_text="The roles that sign the result, in their order, each by a different person.",
    )
    transitions = serializers.SerializerMethodField()

    class Meta:
        model = Contest
        fields = [
            "id",
            "url",
            "event",
            "name",
            "slug",
            "description",
            "position",
            "status",
            "transitions",
            "visibility",
            "blind",
            "rule",
            "sign_off",
            "erratum",
            "policy_version",
            "live_board",
            "frozen_at",
            "leaderboard",
            *STAMPS,
        ]
        read_only_fields = ["id", "status", "policy_version", "frozen_at", *STAMPS]

    def get_transitions(self, contest: Contest) -> list[str]:
        return allowed_transitions(contest.status)


class CategorySerializer(PartSerializer):
    """A scored segment of a contest."""

    create_only = ("contest",)

    url = serializers.HyperlinkedIdentityField(view_name="contests:category-detail")
    slug = serializers.SlugField(max_length=80, required=False, help_text=SLUG)
    rule = ScoringRuleField(required=False)

    class Meta:
        model = Category
        fields = ["id", "url", "contest", "name", "slug", "position", "weight", "rule", *STAMPS]
        read_only_fields = ["id", *STAMPS]


class CriterionSerializer(PartSerializer):
    """One thing that judges mark."""

    create_only = ("category",)

    url = serializers.HyperlinkedIdentityField(view_name="contests:criterion-detail")

    class Meta:
        model = Criterion
        fields = [
            "id",
            "url",
            "category",
            "name",
            "position",
            "minimum",
            "maximum",
            "step",
            "factor",
            *STAMPS,
        ]
        read_only_fields = ["id", *STAMPS]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        before = self.instance or Criterion()
        scale = {name: attrs.get(name, getattr(before, name)) for name in ("minimum", "maximum", "step")}
        if scale["maximum"] <= scale["minimum"]:
            detail = serializers.ErrorDetail("The scale's maximum is above its minimum.", "scale_goes_down")
            raise serializers.ValidationError({"maximum": [detail]})
        if scale["step"] <= 0:
            detail = serializers.ErrorDetail("The scale's step is above zero.", "step_not_positive")
            raise serializers.ValidationError({"step": [detail]})
        return attrs


class StatedReasonSerializer(StrictSerializer):
    """Why; kept for good."""

    reason = serializers.CharField(max_length=REASON_LENGTH)


class EmptySerializer(StrictSerializer):
    """Nothing to say."""
