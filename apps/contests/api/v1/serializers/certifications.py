"""Certifications, and whether they still hold."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.contests.api.v1.serializers.fields import PartSerializer
from apps.contests.models import Certification, Signature
from apps.contests.policies import reads_all_marks
from apps.contests.selectors.certification import Words
from apps.contests.selectors.sign_off import SignOff
from apps.core.rest.serializers import StrictSerializer


class SignatureSerializer(PartSerializer):
    """Who signed, in which role, and over which digest."""

    class Meta:
        model = Signature
        fields = ["place", "role", "signed_by", "signed_at", "digest", "voided_by", "voided_at", "void_reason"]
        read_only_fields = fields


class CertificationSerializer(PartSerializer):
    """A frozen result and who signed it. `result_digest` is what was signed, `digest` that with the signatures."""

    url = serializers.HyperlinkedIdentityField(view_name="contests:certification-detail")
    signatures = SignatureSerializer(many=True, read_only=True)

    class Meta:
        model = Certification
        fields = [
            "id",
            "url",
            "contest_id",
            "contest_name",
            "number",
            "digest",
            "result_digest",
            "previous_digest",
            "supersedes",
            "erratum",
            "signatures",
            "certified_at",
            "published_at",
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
    signatures_intact = serializers.BooleanField()
    chain_intact = serializers.BooleanField()
    rows_intact = serializers.BooleanField()
    erratum = serializers.ChoiceField(
        choices=list(Words), help_text="Its words: `erased` where an erasure has taken a person's name out of them."
    )
    differences = DifferenceSerializer(many=True)


class SignOffStepSerializer(StrictSerializer):
    """One role's turn."""

    place = serializers.IntegerField()
    role = serializers.CharField()
    signed_by = serializers.UUIDField(source="signature.signed_by", default=None, allow_null=True)
    signed_at = serializers.DateTimeField(source="signature.signed_at", default=None, allow_null=True)


class BlockSerializer(StrictSerializer):
    """Why nobody can sign now."""

    code = serializers.CharField()
    detail = serializers.CharField()


class SignOffSerializer(StrictSerializer):
    """The chain of signatures of a contest's result."""

    contest = serializers.UUIDField(source="contest.pk")
    status = serializers.CharField(source="contest.status")
    number = serializers.IntegerField(source="link.number", help_text="Which certification of the contest this is.")
    previous_digest = serializers.CharField(source="link.previous")
    supersedes = serializers.UUIDField(
        source="link.supersedes", allow_null=True, help_text="The published certification that it corrects."
    )
    erratum = serializers.CharField(source="link.erratum")
    digest = serializers.CharField(help_text="Of the result as it stands: what is signed. Empty until the lock.")
    steps = SignOffStepSerializer(many=True)
    next = serializers.CharField(
        source="next_step.role", default=None, allow_null=True, help_text="Whose turn it is."
    )
    may_sign = serializers.SerializerMethodField(help_text="Whether it is yours.")
    blocks = BlockSerializer(many=True)

    def get_may_sign(self, sign_off: SignOff) -> bool:
        """Whether the caller can sign now."""
        return sign_off.may_sign(self.context["view"].access)


class SigningSerializer(StrictSerializer):
    """What is signed."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="The digest of the result that you have read.")
