"""The boards, as the OpenAPI document describes them. Numbers are decimal strings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.selectors.leaderboard import CategoryBoard, ContestBoard, category_head
from apps.core.rest.serializers import StrictSerializer


def number(help_text: str = "") -> serializers.CharField:
    return serializers.CharField(allow_null=True, help_text=help_text)


class DroppedMarkSerializer(StrictSerializer):
    """A value that trimming left out."""

    value = serializers.CharField()
    end = serializers.ChoiceField(choices=["low", "high"])
    seat = serializers.CharField(allow_null=True, help_text="For those who see single marks.")


class VisibleMarkSerializer(StrictSerializer):
    """One seat's value."""

    seat = serializers.CharField()
    state = serializers.CharField()
    value = number()
    adjusted = number("What normalisation made of it.")
    use = serializers.ChoiceField(choices=["counted", "dropped_low", "dropped_high", "omitted", "pending"])


class PanelSerializer(StrictSerializer):
    """The panel score of one criterion, or of the judges' totals (`criterion` null)."""

    criterion = serializers.UUIDField(allow_null=True)
    panel = number("Of the panel, rounded.")
    score = number("The panel score times the factor, rounded.")
    judges = serializers.IntegerField(help_text="How many values there are.")
    fault = serializers.CharField(allow_null=True, help_text="Why there is no score.")
    dropped = DroppedMarkSerializer(many=True, allow_null=True)
    marks = VisibleMarkSerializer(many=True, required=False, help_text="With `?expand=marks`.")


class BoardContestantSerializer(StrictSerializer):
    """Who it is. The name is null for the judges of a blind contest."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    name = serializers.CharField(allow_null=True)
    affiliation = serializers.CharField(allow_null=True)
    status = serializers.CharField()


class StandingSerializer(StrictSerializer):
    """What entries and contestants have in common."""

    rank = serializers.IntegerField(allow_null=True, help_text="1, 2, 2, 4; null for who has no place.")
    shared = serializers.BooleanField()
    decided_by = serializers.ListField(
        child=serializers.CharField(), help_text="The tie-breakers that parted them from others of the same total."
    )
    subtotal = number("Before deductions.")
    deductions = number()
    total = number()


class BoardEntrySerializer(StandingSerializer):
    """An entry in its category."""

    category = serializers.UUIDField()
    entry = serializers.UUIDField()
    status = serializers.CharField()
    component_total = number()
    technical_points = number()
    criteria = PanelSerializer(many=True)


class BoardPartSerializer(BoardEntrySerializer):
    """An entry with what it adds to the contest."""

    value = number("The category's total, or the place in it.")
    weighted = number("`value` times the weight, rounded.")


class BoardRowSerializer(StandingSerializer):
    """A contestant's line."""

    contestant = BoardContestantSerializer()
    categories = BoardPartSerializer(many=True)


class CategoryRowSerializer(BoardEntrySerializer):
    """An entry's line in its category."""

    starting_order = serializers.IntegerField(allow_null=True)
    contestant = BoardContestantSerializer()


class BoardCriterionSerializer(StrictSerializer):
    """A criterion in the head."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    factor = serializers.CharField()


class BoardCategorySerializer(StrictSerializer):
    """A category in the head."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    weight = serializers.CharField()
    rule = serializers.DictField()
    criteria = BoardCriterionSerializer(many=True)


class BoardHeadSerializer(StrictSerializer):
    """What both boards begin with."""

    contest = serializers.UUIDField()
    event = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.CharField()
    policy_version = serializers.IntegerField(help_text="Of the rules that it was computed with.")
    as_of = serializers.DateTimeField(help_text="The latest change that it was computed from.")
    frozen_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when the public sees another board than this one."
    )
    withheld = serializers.BooleanField(help_text="True: judges see no figures until the contest is locked.")


class ContestBoardSerializer(BoardHeadSerializer):
    """The winner list of a contest."""

    rule = serializers.DictField()
    categories = BoardCategorySerializer(many=True)
    rows = BoardRowSerializer(many=True)


class CategoryBoardSerializer(BoardHeadSerializer):
    """The standings of a category."""

    category = BoardCategorySerializer()
    rows = CategoryRowSerializer(many=True)


def _head(board: ContestBoard | CategoryBoard) -> dict[str, Any]:
    return {
        "contest": board.contest.pk,
        "event": board.contest.event_id,
        "name": board.contest.name,
        "status": board.contest.status,
        "policy_version": board.contest.policy_version,
        "as_of": board.as_of,
        "frozen_at": board.contest.frozen_at,
        "withheld": board.withheld,
    }


def show_contest_board(board: ContestBoard) -> dict[str, Any]:
    """As `ContestBoardSerializer`; the rows are JSON already."""
    return {
        **_head(board),
        "rule": board.policy.rule.to_dict(),
        "categories": board.categories,
        "rows": board.rows,
    }


def show_category_board(board: CategoryBoard) -> dict[str, Any]:
    """As `CategoryBoardSerializer`."""
    return {**_head(board), "category": category_head(board.category), "rows": board.rows}
