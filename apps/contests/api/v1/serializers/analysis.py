"""What is asked about results, and what is answered. Numbers are decimal strings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.boards import BoardContestantSerializer, number
from apps.contests.models import Assignment, Contest
from apps.contests.scoring.judge_statistics import Flag
from apps.contests.scoring.rounding import canonical
from apps.contests.scoring.stability import PlaceStability, WithoutJudge
from apps.contests.selectors.analysis import (
    DEFAULT_DRAWS,
    MOST_DRAWS,
    CategoryJudges,
    ContestStability,
    JudgeLine,
)
from apps.contests.selectors.rendering import member_of
from apps.core.rest.serializers import StrictSerializer

SEED_LENGTH = 100


class SeatSerializer(StrictSerializer):
    """A seat and who sits on it."""

    assignment = serializers.UUIDField()
    seat = serializers.CharField()
    judge = serializers.UUIDField()
    name = serializers.CharField()


class JudgeStatisticsSerializer(SeatSerializer):
    """How one judge marked; each figure is null where there is nothing to compute it from."""

    marks = serializers.IntegerField(help_text="Given to entries that compete.")
    mean = number("Of the marks.")
    spread = number("Their standard deviation.")
    bias = number("Mean difference from the other judges' mean; above zero is generous.")
    distance = number("Mean distance from the other judges' mean.")
    rank_correlation = number("Spearman's, of the judge's order with the final order.")
    flags = serializers.ListField(child=serializers.ChoiceField(choices=[flag.value for flag in Flag]))


class CategoryJudgesSerializer(StrictSerializer):
    """The panel of a category, in seat order."""

    category = serializers.UUIDField()
    name = serializers.CharField()
    judges = JudgeStatisticsSerializer(many=True)


class ContestJudgesSerializer(StrictSerializer):
    """The panels of a contest."""

    contest = serializers.UUIDField()
    categories = CategoryJudgesSerializer(many=True)


class StabilityQuerySerializer(serializers.Serializer[Any]):
    """How often to draw, and from which seed."""

    draws = serializers.IntegerField(min_value=1, max_value=MOST_DRAWS, default=DEFAULT_DRAWS)
    seed = serializers.CharField(
        max_length=SEED_LENGTH,
        default=None,
        help_text="The same seed draws the same panels. Default: the contest's id.",
    )


class DrawnPlaceSerializer(StrictSerializer):
    """In how many draws somebody had this place."""

    place = serializers.IntegerField(allow_null=True)
    draws = serializers.IntegerField()


class PlaceStabilitySerializer(StrictSerializer):
    """How firm one place is."""

    contestant = BoardContestantSerializer()
    place = serializers.IntegerField(allow_null=True)
    same_place = serializers.IntegerField(help_text="Draws that gave the same place.")
    drawn = DrawnPlaceSerializer(many=True)


class MoveSerializer(StrictSerializer):
    """Whose place changes; null is no place."""

    contestant = BoardContestantSerializer()
    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)


class WithoutJudgeSerializer(SeatSerializer):
    """The result without one seat."""

    category = serializers.UUIDField()
    same_winners = serializers.BooleanField()
    winners = serializers.ListField(child=serializers.UUIDField())
    moved = MoveSerializer(many=True)


class ContestStabilitySerializer(StrictSerializer):
    """How firm the places are, over other panels drawn from the same judges and over panels without one of them."""

    contest = serializers.UUIDField()
    seed = serializers.CharField()
    draws = serializers.IntegerField()
    winners = serializers.ListField(child=serializers.UUIDField())
    same_winners = serializers.IntegerField(help_text="Draws with exactly the same winners.")
    same_winners_share = serializers.CharField(help_text="Their share of all draws, from 0 to 1.")
    places = PlaceStabilitySerializer(many=True)
    without_judge = WithoutJudgeSerializer(many=True)


def show_judges(contest: Contest, categories: list[CategoryJudges]) -> dict[str, Any]:
    """As `ContestJudgesSerializer`."""
    return {
        "contest": contest.pk,
        "categories": [
            {
                "category": found.policy.category.pk,
                "name": found.policy.category.name,
                "judges": [_judge(line) for line in found.judges],
            }
            for found in categories
        ],
    }


def show_stability(contest: Contest, found: ContestStability) -> dict[str, Any]:
    """As `ContestStabilitySerializer`."""
    stability = found.stability
    return {
        "contest": contest.pk,
        "seed": stability.seed,
        "draws": stability.draws,
        "winners": list(stability.winners),
        "same_winners": stability.same_winners,
        "same_winners_share": canonical(stability.same_winners_share),
        "places": [_place(line, found) for line in stability.places],
        "without_judge": [_without(line, found) for line in stability.without_judge],
    }


def _seat(seat: Assignment) -> dict[str, Any]:
    return {"assignment": seat.pk, "seat": seat.seat, "judge": seat.judge_id, "name": seat.judge.name}


def _judge(line: JudgeLine) -> dict[str, Any]:
    figures = {
        name: None if (value := getattr(line.statistics, name)) is None else canonical(value)
        for name in ("mean", "spread", "bias", "distance", "rank_correlation")
    }
    return {
        **_seat(line.seat),
        "marks": line.statistics.marks,
        **figures,
        "flags": [flag.value for flag in line.statistics.flags],
    }


def _place(line: PlaceStability, found: ContestStability) -> dict[str, Any]:
    drawn = sorted(line.draws_by_place.items(), key=lambda item: (item[0] is None, item[0] or 0))
    return {
        "contestant": member_of(found.contestants[line.key]),
        "place": line.place,
        "same_place": line.same_place,
        "drawn": [{"place": place, "draws": draws} for place, draws in drawn],
    }


def _without(line: WithoutJudge, found: ContestStability) -> dict[str, Any]:
    return {
        **_seat(found.seats[line.judge]),
        "category": found.policies[line.category].category.pk,
        "same_winners": line.same_winners,
        "winners": list(line.winners),
        "moved": [
            {"contestant": member_of(found.contestants[key]), "before": before, "after": after}
            for key, (before, after) in line.moved.items()
        ],
    }
