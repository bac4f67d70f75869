"""Marks and deductions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.fields import PartSerializer
from apps.contests.api.v1.serializers.structure import STAMPS
from apps.contests.enums import ScoreState
from apps.contests.models import Deduction, Score
from apps.contests.services.scores import BULK_LIMIT, MarkInput
from apps.core.rest.serializers import StrictSerializer

DIGITS, PLACES = 12, 4


class MarkFields(StrictSerializer):
    """What a mark says: a value, or why there is none."""

    state = serializers.ChoiceField(choices=ScoreState.choices, default=ScoreState.SCORED)
    value = serializers.DecimalField(
        max_digits=DIGITS,
        decimal_places=PLACES,
        allow_null=True,
        default=None,
        normalize_output=True,
        help_text="Only with `scored`.",
    )


class NewMarkSerializer(MarkFields):
    """A mark to record."""

    assignment = serializers.UUIDField(help_text="The seat that marks.")
    entry = serializers.UUIDField()
    criterion = serializers.UUIDField()

    def as_input(self, values: dict[str, Any]) -> MarkInput:
        """For the service."""
        return MarkInput(values["assignment"], values["entry"], values["criterion"], values["state"], values["value"])


class BulkMarksSerializer(StrictSerializer):
    """Up to 500 marks, of which all are saved or none."""

    scores = serializers.ListField(child=NewMarkSerializer(), allow_empty=False, max_length=BULK_LIMIT)


class ScoreSerializer(PartSerializer):
    """One mark."""

    create_only = ("assignment", "entry", "criterion")

    url = serializers.HyperlinkedIdentityField(view_name="contests:score-detail")
    assignment = serializers.UUIDField(source="assignment_id", help_text="The seat that marks.")
    entry = serializers.UUIDField(source="entry_id")
    criterion = serializers.UUIDField(source="criterion_id")

    class Meta:
        model = Score
        fields = ["id", "url", "assignment", "entry", "criterion", "state", "value", *STAMPS]
        read_only_fields = ["id", *STAMPS]


class DeductionSerializer(PartSerializer):
    """Points taken from an entry. It never changes; a wrong one is reversed."""

    url = serializers.HyperlinkedIdentityField(view_name="contests:deduction-detail")

    class Meta:
        model = Deduction
        fields = [
            "id",
            "url",
            "entry",
            "amount",
            "unit",
            "stage",
            "reason",
            "proposed_by",
            "approved_by",
            "reversed_at",
            "reversal_reason",
            *STAMPS,
        ]
        read_only_fields = [
            "id",
            "proposed_by",
            "approved_by",
            "reversed_at",
            "reversal_reason",
            *STAMPS,
        ]
