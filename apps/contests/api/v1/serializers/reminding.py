"""Who was asked for marks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.selectors.missing import SeatBehind
from apps.contests.services.reminding import Reminders
from apps.core.rest.serializers import StrictSerializer
from apps.notifications.enums import OutOfReach


class SeatBehindSerializer(StrictSerializer):
    """A seat that has marks to give."""

    assignment = serializers.UUIDField()
    seat = serializers.CharField()
    category = serializers.UUIDField()
    category_name = serializers.CharField()
    judge = serializers.UUIDField()
    judge_name = serializers.CharField()
    missing = serializers.IntegerField(help_text="Marks that it lacks.")


class SeatOutOfReachSerializer(SeatBehindSerializer):
    """A seat whose judge no mail gets to."""

    reason = serializers.ChoiceField(choices=OutOfReach.choices)


class RemindersSerializer(StrictSerializer):
    """Every seat that is behind, in one of three lists."""

    contest = serializers.UUIDField()
    reminded = SeatBehindSerializer(many=True, help_text="Their judges get a mail now.")
    reminded_lately = SeatBehindSerializer(many=True, help_text="Their judges got one within the last hour.")
    unreachable = SeatOutOfReachSerializer(many=True)


def show_reminders(reminders: Reminders) -> dict[str, Any]:
    """As `RemindersSerializer`."""
    return {
        "contest": reminders.contest.pk,
        "reminded": [_seat(one) for one in reminders.reminded],
        "reminded_lately": [_seat(one) for one in reminders.reminded_lately],
        "unreachable": [{**_seat(one), "reason": why.value} for one, why in reminders.unreachable],
    }


def _seat(behind: SeatBehind) -> dict[str, Any]:
    seat = behind.seat
    return {
        "assignment": seat.pk,
        "seat": seat.seat,
        "category": seat.category_id,
        "category_name": seat.category.name,
        "judge": seat.judge_id,
        "judge_name": seat.judge.name,
        "missing": behind.missing,
    }
