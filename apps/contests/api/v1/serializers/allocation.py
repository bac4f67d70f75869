"""Panels that judges are to be chosen for, and the plan that comes of it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.models.draws import LONGEST_SEED
from apps.contests.selectors.allocation import MOST_JUDGES, PanelOrder, PanelPlan, PlannedSeat
from apps.contests.services.draws import new_seed
from apps.core.rest.serializers import StrictSerializer

MOST_SEATS = 50
MOST_PANELS = 200


class PanelSizeSerializer(StrictSerializer):
    """A panel of its own size."""

    category = serializers.UUIDField()
    seats = serializers.IntegerField(min_value=0, max_value=MOST_SEATS)


class NewAllocationSerializer(StrictSerializer):
    """What is wanted. Seats that are taken count; a panel that is large enough stays as it is."""

    seats = serializers.IntegerField(
        min_value=1, max_value=MOST_SEATS, required=False, help_text="Of every panel that `panels` does not name."
    )
    panels = serializers.ListField(child=PanelSizeSerializer(), required=False, max_length=MOST_PANELS)
    judges = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MOST_JUDGES,
        help_text="Whom to choose from; everybody when left out.",
    )
    maximum_load = serializers.IntegerField(
        min_value=1, max_value=MOST_PANELS, required=False, help_text="Seats of this contest, for each judge."
    )
    seed = serializers.CharField(
        max_length=LONGEST_SEED,
        required=False,
        allow_blank=True,
        help_text="Random when left out; the plan names it.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Show the plan, and seat nobody.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("seats") and not attrs.get("panels"):
            raise serializers.ValidationError({"seats": ["Say how many seats a panel has."]}, code="required")
        return attrs

    @property
    def order(self) -> PanelOrder:
        """What was asked for."""
        values = self.validated_data
        return PanelOrder(
            seed=values.get("seed", "").strip() or new_seed(),
            size=values.get("seats"),
            sizes={panel["category"]: panel["seats"] for panel in values.get("panels", ())},
            judges=values.get("judges"),
            maximum_load=values.get("maximum_load"),
        )


class PlannedRecusalSerializer(StrictSerializer):
    """Somebody whom the seat does not mark."""

    contestant = serializers.UUIDField()
    number = serializers.IntegerField()
    reason = serializers.CharField()


class PlannedSeatSerializer(StrictSerializer):
    """A seat of the plan."""

    category = serializers.UUIDField()
    category_name = serializers.CharField()
    seat = serializers.CharField()
    judge = serializers.UUIDField()
    judge_name = serializers.CharField()
    recusals = PlannedRecusalSerializer(many=True)


class LoadSerializer(StrictSerializer):
    """How many seats of the contest a judge marks from, with those of the plan."""

    judge = serializers.UUIDField()
    judge_name = serializers.CharField()
    seats = serializers.IntegerField()


class AllocationSerializer(StrictSerializer):
    """A plan. The same seed gives it again, as long as people, entries and seats are the same."""

    contest = serializers.UUIDField()
    seed = serializers.CharField()
    dry_run = serializers.BooleanField()
    connected = serializers.BooleanField(
        help_text="Whether a chain of judges who mark both leads from every contestant to every other."
    )
    parts = serializers.IntegerField(help_text="Groups of contestants that no judge connects; 1 where all are.")
    seats = PlannedSeatSerializer(many=True)
    loads = LoadSerializer(many=True)


def show_plan(plan: PanelPlan, *, dry_run: bool) -> dict[str, Any]:
    """As `AllocationSerializer`."""
    return {
        "contest": plan.contest.pk,
        "seed": plan.seed,
        "dry_run": dry_run,
        "connected": plan.connected,
        "parts": plan.parts,
        "seats": [_seat(one) for one in plan.seats],
        "loads": [{"judge": judge.pk, "judge_name": judge.name, "seats": load} for judge, load in plan.loads.items()],
    }


def _seat(planned: PlannedSeat) -> dict[str, Any]:
    return {
        "category": planned.category.pk,
        "category_name": planned.category.name,
        "seat": planned.seat,
        "judge": planned.judge.pk,
        "judge_name": planned.judge.name,
        "recusals": [
            {"contestant": one.contestant.pk, "number": one.contestant.number, "reason": one.reason}
            for one in planned.recusals
        ],
    }
