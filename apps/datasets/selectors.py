"""Reads about datasets."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

from apps.datasets.errors import NoSuchVersion
from apps.datasets.models import Dataset, DatasetVersion


def with_current_version(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """Each dataset with `current` (its newest live version in a few words, or None) and `version_count`."""
    versions = DatasetVersion.objects.filter(dataset=OuterRef("pk"))
    newest = versions.order_by("-number")
    # A subquery and no join: rows can still be locked.
    counted = versions.order_by().values("dataset").annotate(count=Count("pk")).values("count")
    in_a_few_words = JSONObject(
        id=F("id"),
        number=F("number"),
        row_count=F("row_count"),
        column_count=Func("columns", function="jsonb_array_length", output_field=IntegerField()),
        size=F("size"),
        content_hash=F("content_hash"),
    )
    return datasets.annotate(
        current=Subquery(newest.values(words=in_a_few_words)[:1]),
        version_count=Coalesce(Subquery(counted), 0),
    )


def versions_of(dataset_id: UUID) -> QuerySet[DatasetVersion]:
    """A dataset's live versions, the newest first."""
    versions: QuerySet[DatasetVersion] = DatasetVersion.objects.filter(
        dataset_id=dataset_id, dataset__deleted_at__isnull=True
    ).order_by("-number")
    return versions


def version_of(dataset: Dataset, number: int | None) -> DatasetVersion:
    """The version of this number, the newest one without a number.

    Raises:
        NoSuchVersion: there is none.
    """
    versions = versions_of(dataset.pk)
    version = (versions if number is None else versions.filter(number=number)).first()
    if version is None:
        asked = "no version yet" if number is None else f"no version {number}"
        raise NoSuchVersion(f"This dataset has {asked}.")
    return version
