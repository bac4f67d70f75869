"""How datasets and their versions look from outside."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer
from apps.datasets.models import Dataset, DatasetVersion

TAGS = 20
TAG_LENGTH = 40


class VersionSummarySerializer(serializers.Serializer[Any]):
    """A dataset's newest version in a few words."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    row_count = serializers.IntegerField()
    column_count = serializers.IntegerField()
    size = serializers.IntegerField(help_text="Bytes.")
    content_hash = serializers.CharField(help_text="SHA-256, hexadecimal.")


class DatasetSerializer(PodiumModelSerializer):
    """A dataset and its newest version."""

    url = serializers.HyperlinkedIdentityField(view_name="datasets:dataset-detail")
    slug = serializers.SlugField(
        max_length=80, required=False, help_text="Unique among live datasets; made from the name when left out."
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=TAG_LENGTH), max_length=TAGS, required=False)
    owner = serializers.UUIDField(source="owner_id", read_only=True, allow_null=True)
    current_version = VersionSummarySerializer(source="current", read_only=True, allow_null=True)
    version_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Dataset
        fields = [
            "id",
            "url",
            "name",
            "slug",
            "description",
            "tags",
            "owner",
            "current_version",
            "version_count",
            "created_at",
            "updated_at",
            "version",
        ]
        read_only_fields = ["id", "url", "created_at", "updated_at", "version"]


class ColumnSerializer(serializers.Serializer[Any]):
    """A column."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["boolean", "integer", "decimal", "date", "datetime", "text"])
    nullable = serializers.BooleanField()


class DialectSerializer(serializers.Serializer[Any]):
    """How the file is written."""

    encoding = serializers.CharField()
    delimiter = serializers.CharField(trim_whitespace=False)


class DatasetVersionSerializer(PodiumModelSerializer):
    """One state of a dataset's data, which never changes."""

    url = serializers.HyperlinkedIdentityField(view_name="datasets:version-detail")
    dataset = serializers.UUIDField(source="dataset_id", read_only=True)
    columns = ColumnSerializer(many=True, read_only=True)
    dialect = DialectSerializer(read_only=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "url",
            "dataset",
            "number",
            "content_hash",
            "size",
            "row_count",
            "columns",
            "dialect",
            "filename",
            "message",
            "created_by",
            "created_at",
            "version",
        ]
        read_only_fields = fields


class NewVersionSerializer(StrictSerializer):
    """A file for the next version."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV, in UTF-8, UTF-16 or Windows-1252, with a header."
    )
    message = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="What changed."
    )


class NewDatasetSerializer(NewVersionSerializer):
    """A file, and the dataset that it begins."""

    name = serializers.CharField(max_length=200)
    slug = serializers.SlugField(max_length=80, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
