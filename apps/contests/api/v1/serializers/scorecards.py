"""Scorecards: all criteria of one entry, by one seat."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.marks import DIGITS, PLACES, MarkFields
from apps.contests.selectors.scorecards import Scorecard
from apps.core.rest.serializers import StrictSerializer


class CardMarkSerializer(MarkFields):
    """What a scorecard says about one criterion."""

    criterion = serializers.UUIDField()


class ScorecardSerializer(StrictSerializer):
    """All criteria of one entry, each once."""

    marks = CardMarkSerializer(many=True)
    version = serializers.CharField(
        required=False, help_text="The card's ETag, for clients that can't send If-Match."
    )

    def validate_marks(self, marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        criteria = [mark["criterion"] for mark in marks]
        if len(set(criteria)) != len(criteria):
            raise serializers.ValidationError("A criterion is marked once.", code="duplicate")
        return marks


class CardLineSerializer(StrictSerializer):
    """A criterion with its scale, and its mark where there is one."""

    criterion = serializers.UUIDField()
    name = serializers.CharField()
    minimum = serializers.DecimalField(DIGITS, PLACES)
    maximum = serializers.DecimalField(DIGITS, PLACES)
    step = serializers.DecimalField(DIGITS, PLACES)
    state = serializers.CharField(allow_null=True, help_text="null: no mark yet.")
    value = serializers.DecimalField(DIGITS, PLACES, allow_null=True)


class ShownScorecardSerializer(StrictSerializer):
    """A scorecard as it is."""

    assignment = serializers.UUIDField()
    entry = serializers.UUIDField()
    seat = serializers.CharField()
    number = serializers.IntegerField(help_text="The contestant's.")
    complete = serializers.BooleanField()
    version = serializers.CharField(help_text="The ETag.")
    marks = CardLineSerializer(many=True)


def show_scorecard(card: Scorecard) -> dict[str, Any]:
    """As `ShownScorecardSerializer`."""
    return {
        "assignment": card.assignment.pk,
        "entry": card.entry.pk,
        "seat": card.assignment.seat,
        "number": card.entry.contestant.number,
        "complete": card.complete,
        "version": card.tag.strip('"'),
        "marks": [
            {
                "criterion": criterion.pk,
                "name": criterion.name,
                "minimum": str(criterion.minimum),
                "maximum": str(criterion.maximum),
                "step": str(criterion.step),
                "state": score.state if score else None,
                "value": _text(score.value) if score else None,
            }
            for criterion in card.criteria
            for score in [card.scores.get(criterion.pk)]
        ],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
