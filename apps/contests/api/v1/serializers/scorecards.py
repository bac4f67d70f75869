"""Scorecards: all criteria of one entry, by one seat."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from apps.contests.api.v1.serializers.marks import DIGITS, PLACES, MarkFields
from apps.contests.enums import ScoreState
from apps.contests.models import Assignment
from apps.contests.selectors.scorecards import Scorecard
from apps.contests.selectors.seats import SeatEntry
from apps.core.rest.serializers import StrictSerializer


def _scale() -> serializers.DecimalField:
    return serializers.DecimalField(DIGITS, PLACES, read_only=True, normalize_output=True)


class CardMarkSerializer(MarkFields):
    """What a scorecard says about one criterion. Its name and scale are for people, and ignored when sent back."""

    criterion = serializers.UUIDField()
    name = serializers.CharField(read_only=True)
    minimum = _scale()
    maximum = _scale()
    step = _scale()


class ScorecardSerializer(StrictSerializer):
    """All criteria of one entry, each once."""

    marks = CardMarkSerializer(many=True, style={"template": "contests/api/marks.html", "states": ScoreState.choices})
    version = serializers.CharField(
        required=False,
        help_text="The card's ETag, for clients that can't send If-Match.",
        style={"template": "contests/api/hidden.html"},
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


class SeatCardSerializer(StrictSerializer):
    """One entry as the seat sees it."""

    url = serializers.URLField(help_text="Of the scorecard.")
    entry = serializers.UUIDField()
    number = serializers.IntegerField(help_text="The contestant's.")
    starting_order = serializers.IntegerField(allow_null=True)
    given = serializers.IntegerField(help_text="Marks that there are.")
    expected = serializers.IntegerField(help_text="Marks of a whole card.")
    recused = serializers.BooleanField(help_text="This seat does not mark the contestant.")


class SeatCardsSerializer(StrictSerializer):
    """The scorecards of a seat in starting order; who does not compete has none."""

    assignment = serializers.UUIDField()
    seat = serializers.CharField()
    category = serializers.UUIDField()
    cards = SeatCardSerializer(many=True)


def show_cards(seat: Assignment, entries: Iterable[SeatEntry], request: Request) -> dict[str, Any]:
    """As `SeatCardsSerializer`."""
    return {
        "assignment": seat.pk,
        "seat": seat.seat,
        "category": seat.category_id,
        "cards": [
            {
                "url": reverse(
                    "contests:scorecard", kwargs={"assignment_id": seat.pk, "entry_id": one.entry.pk}, request=request
                ),
                "entry": one.entry.pk,
                "number": one.entry.contestant.number,
                "starting_order": one.entry.starting_order,
                "given": one.given,
                "expected": one.expected,
                "recused": one.recused,
            }
            for one in entries
        ],
    }


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


def card_to_fill(card: Scorecard) -> dict[str, Any]:
    """As `ScorecardSerializer`: what is sent back once it is filled in."""
    shown = show_scorecard(card)
    marks = [mark | {"state": mark["state"] or ScoreState.SCORED} for mark in shown["marks"]]
    return {"marks": marks, "version": shown["version"]}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
