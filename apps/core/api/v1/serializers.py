"""Deletions as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.audit.models import AuditRecord
from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.rest import ObjectionSerializer
from apps.core.softdelete.selectors import deletion_tree


class HeldRowSerializer(StrictSerializer):
    """One deleted row."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]


class HeldModelSerializer(StrictSerializer):
    """The rows of one model that a deletion holds; `rows` are the first twenty."""

    model = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()
    rows = HeldRowSerializer(many=True)


class DeletionSerializer(PodiumModelSerializer):
    """One delete: what went, who took it and why, until when it can come back."""

    class Meta:
        model = Deletion
        fields: tuple[str, ...] = (
            "id",
            "root_model",
            "root_id",
            "root_label",
            "state",
            "counts",
            "reason",
            "deleted_by",
            "created_at",
            "expires_at",
            "legal_hold",
            "restored_at",
            "restored_by",
            "purged_at",
            "correlation_id",
            "version",
        )
        read_only_fields = fields


class DeletionDetailSerializer(DeletionSerializer):
    """A deletion with what it holds now."""

    tree = serializers.SerializerMethodField()

    class Meta(DeletionSerializer.Meta):
        fields = (*DeletionSerializer.Meta.fields, "tree")
        read_only_fields = fields

    @extend_schema_field(HeldModelSerializer(many=True))
    def get_tree(self, deletion: Deletion) -> Any:
        """What it holds now, model by model, parents first."""
        return HeldModelSerializer(deletion_tree(deletion), many=True).data


class HeldDeletionSerializer(PodiumModelSerializer):
    """A deletion that a legal hold keeps."""

    class Meta:
        model = Deletion
        fields = ("id", "root_model", "root_label", "created_at", "expires_at")
        read_only_fields = fields


class AncestorSerializer(StrictSerializer):
    """A deletion that stands above another."""

    id = serializers.UUIDField()
    model = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class TakenValueSerializer(StrictSerializer):
    """A value that another row has: a live one, or one that comes back too."""

    model = serializers.CharField()
    id = serializers.UUIDField()
    field = serializers.CharField()
    value = serializers.JSONField()
    holder_id = serializers.UUIDField()


class EffectSerializer(StrictSerializer):
    """What a restore would do beyond bringing rows back."""

    code = serializers.CharField()
    detail = serializers.CharField()


class RestorePlanSerializer(StrictSerializer):
    """What a restore would do now; `token` stands for exactly this."""

    possible = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField())
    staying = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rows that go on waiting for something else deleted."
    )
    conflicts = TakenValueSerializer(many=True)
    ancestors = AncestorSerializer(many=True)
    objections = ObjectionSerializer(many=True)
    effects = EffectSerializer(many=True)
    token = serializers.CharField()


class HoldSerializer(StrictSerializer):
    """Whether it is under legal hold."""

    legal_hold = serializers.BooleanField()


class PurgeSerializer(StrictSerializer):
    """The label of what is to be purged, typed back."""

    label = serializers.CharField()  # type: ignore[assignment]


class ErasureSerializer(StrictSerializer):
    """The id of the account that is to be erased, typed back."""

    confirm = serializers.CharField()


class ErasureStartedSerializer(StrictSerializer):
    """The job that erases."""

    job = serializers.UUIDField()


class ForecastDaySerializer(StrictSerializer):
    """What expires on one day (UTC)."""

    date = serializers.DateField()
    deletions = serializers.IntegerField()
    rows = serializers.IntegerField()


class ForecastSerializer(StrictSerializer):
    """What the next days will purge, what is overdue, and what is held back."""

    days = ForecastDaySerializer(many=True)
    overdue = serializers.IntegerField()
    held = HeldDeletionSerializer(many=True, help_text="Under legal hold.")
    kept = HeldDeletionSerializer(many=True, help_text="Kept by a legal hold on something below.")


class HistorySerializer(PodiumModelSerializer):
    """One line of history."""

    old = serializers.DictField(read_only=True, allow_null=True, help_text="The columns that differ, as they were.")
    new = serializers.DictField(read_only=True, allow_null=True, help_text="The columns that differ, as they are.")

    class Meta:
        model = AuditRecord
        fields = (
            "id",
            "model",
            "row_id",
            "action",
            "old",
            "new",
            "deletion_id",
            "count",
            "at",
            "actor_id",
            "correlation_id",
            "database_user",
        )
        read_only_fields = fields
