"""The run of show, and draws."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.models import Draw
from apps.contests.models.draws import LONGEST_SEED
from apps.contests.scoring.draw import draw_order
from apps.contests.selectors.shows import RunOfShow
from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer


class NewDrawSerializer(StrictSerializer):
    """What a draw comes from."""

    seed = serializers.CharField(
        max_length=LONGEST_SEED,
        required=False,
        allow_blank=True,
        help_text="Such as a number called out in the hall; random when left out, and recorded in any case.",
    )


class DrawSerializer(PodiumModelSerializer):
    """A draw, and all that it takes to repeat it: docs/imports-and-exports.md has the line of Python that does.

    `repeats`: the result comes out again from the seed.
    """

    url = serializers.HyperlinkedIdentityField(view_name="contests:draw-detail")
    participants = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of contestants, ascending.")
    result = serializers.ListField(child=serializers.UUIDField(), help_text="The same, in the order drawn.")
    repeats = serializers.SerializerMethodField()

    class Meta:
        model = Draw
        fields = (
            "id",
            "url",
            "category",
            "seed",
            "algorithm",
            "participants",
            "result",
            "repeats",
            "drawn_by",
            "created_at",
            "version",
        )
        read_only_fields = fields

    def get_repeats(self, draw: Draw) -> bool:
        return bool(draw_order(draw.seed, draw.participants) == draw.result)


class StartSerializer(StrictSerializer):
    """An entry in its place."""

    order = serializers.IntegerField(allow_null=True, help_text="Null for who has none yet, or no longer competes.")
    entry = serializers.UUIDField()
    contestant = serializers.UUIDField()
    number = serializers.IntegerField()
    name = serializers.CharField(allow_null=True, help_text="Null for the judges of a blind contest.")
    affiliation = serializers.CharField(allow_null=True)
    status = serializers.CharField(help_text="Empty for who competes.")


class CategoryShowSerializer(StrictSerializer):
    """A category's starting order."""

    category = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    draw = serializers.UUIDField(allow_null=True, help_text="The draw that the order came from.")
    starts = StartSerializer(many=True)


class RunOfShowSerializer(StrictSerializer):
    """Who starts when, category by category."""

    contest = serializers.UUIDField()
    name = serializers.CharField()
    categories = CategoryShowSerializer(many=True)


def show_run(show: RunOfShow) -> dict[str, Any]:
    """As `RunOfShowSerializer`."""
    return {
        "contest": show.contest.pk,
        "name": show.contest.name,
        "categories": [
            {
                "category": one.category.pk,
                "name": one.category.name,
                "slug": one.category.slug,
                "draw": one.draw.pk if one.draw else None,
                "starts": [
                    {
                        "order": start.order,
                        "entry": start.entry.pk,
                        "contestant": start.entry.contestant_id,
                        "number": start.entry.contestant.number,
                        "name": start.name,
                        "affiliation": start.affiliation,
                        "status": start.status,
                    }
                    for start in one.starts
                ],
            }
            for one in show.categories
        ],
    }
