"""Marks, scorecards, deductions, certifications."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.fields import PartSerializer
from apps.contests.api.v1.serializers.structure import STAMPS
from apps.contests.enums import ScoreState
from apps.contests.models import Certification, Deduction, Score
from apps.contests.selectors.scorecards import Scorecard
from apps.contests.services.scores import BULK_LIMIT, MarkInput
from apps.core.rest.serializers import StrictSerializer

DIGITS, PLACES = 12, 4


class MarkFields(StrictSerializer):
    """What a mark says: a value, or why there is none."""

    state = serializers.ChoiceField(choices=ScoreState.choices, default=ScoreState.SCORED)
    value = serializers.DecimalField(
        max_digits=DIGITS, decimal_places=PLACES, allow_null=True, default=None, help_text="Only with `scored`."
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


class CertificationSerializer(PartSerializer):
    """A frozen result and who signed it."""

    url = serializers.HyperlinkedIdentityField(view_name="contests:certification-detail")

    class Meta:
        model = Certification
        fields = [
            "id",
            "url",
            "contest_id",
            "contest_name",
            "number",
            "digest",
            "previous_digest",
            "signed_by",
            "signed_at",
            "voided_by",
            "voided_at",
            "void_reason",
            "version",
        ]
        read_only_fields = fields


class CertificationDetailSerializer(CertificationSerializer):
    """With the document whose canonical JSON (RFC 8785) has the digest."""

    class Meta(CertificationSerializer.Meta):
        fields = [*CertificationSerializer.Meta.fields, "document"]
        read_only_fields = fields


class DifferenceSerializer(StrictSerializer):
    """Where the stored rows and the certified document part."""

    pointer = serializers.CharField(help_text="JSON pointer into the document.")
    certified = serializers.JSONField(allow_null=True)
    stored = serializers.JSONField(allow_null=True)


class VerificationSerializer(StrictSerializer):
    """Whether a certification still holds."""

    holds = serializers.BooleanField()
    number = serializers.IntegerField(source="certification.number")
    digest = serializers.CharField(source="certification.digest")
    recomputed = serializers.CharField(help_text="The digest of what the stored marks give today.")
    document_intact = serializers.BooleanField()
    chain_intact = serializers.BooleanField()
    rows_intact = serializers.BooleanField()
    differences = DifferenceSerializer(many=True)
