"""Certifications, and whether they still hold."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.contests.api.v1.serializers.fields import PartSerializer
from apps.contests.models import Certification
from apps.contests.policies import reads_all_marks
from apps.core.rest.serializers import StrictSerializer


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
    """With the document whose canonical JSON (RFC 8785) has the digest.

    The document holds every judge's marks: it is null for those who may not read them.
    """

    document = serializers.SerializerMethodField(help_text="Null for those who may not read judges' marks.")

    class Meta(CertificationSerializer.Meta):
        fields = [*CertificationSerializer.Meta.fields, "document"]
        read_only_fields = fields

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_document(self, certification: Certification) -> dict[str, object] | None:
        """The document, for those who read marks."""
        return certification.document if reads_all_marks(self.context["view"].access) else None


class DifferenceSerializer(StrictSerializer):
    """Where the stored rows and the certified document part. The values are null for those who may not read marks."""

    pointer = serializers.CharField(help_text="JSON pointer into the document.")
    certified = serializers.JSONField(allow_null=True)
    stored = serializers.JSONField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        hidden = {} if reads_all_marks(self.context["view"].access) else {"certified": None, "stored": None}
        return {**shown, **hidden}


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
