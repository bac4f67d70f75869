"""Making datasets and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from django.db import transaction

from apps.core.errors import NotFound
from apps.core.outbox.services import emit
from apps.core.slugs import save_with_free_slug
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services.content import Upload, store_content


@transaction.atomic
def create_dataset(
    *,
    organization_id: UUID,
    owner_id: UUID | None,
    name: str,
    slug: str | None = None,
    description: str = "",
    tags: Sequence[str] = (),
    upload: Upload | None = None,
    message: str = "",
) -> Dataset:
    """Make a dataset, with a first version where there is an upload.

    Args:
        slug: unique among the organization's live datasets; made from `name` when left out.
    """

    def save(free: str) -> Dataset:
        made: Dataset = Dataset.objects.create(
            organization_id=organization_id,
            owner_id=owner_id,
            name=name,
            slug=free,
            description=description,
            tags=list(tags),
        )
        return made

    dataset = (
        save(slug)
        if slug
        else save_with_free_slug(save, name=name, fallback="dataset", constraint="dataset_slug_unique")
    )
    emit(
        type="dataset.created",
        subject=f"dataset/{dataset.pk}",
        organization_id=organization_id,
        data={"dataset_id": str(dataset.pk), "slug": dataset.slug},
    )
    if upload is not None:
        add_version(dataset_id=dataset.pk, upload=upload, message=message, created_by=owner_id)
    return dataset


@transaction.atomic
def add_version(
    *, dataset_id: UUID, upload: Upload, message: str = "", created_by: UUID | None = None
) -> DatasetVersion:
    """Add the next version. Numbers count deleted and purged versions too, and are never used again.

    Raises:
        NotFound: the dataset was deleted meanwhile.
    """
    dataset = Dataset.objects.select_for_update().filter(pk=dataset_id).first()
    if dataset is None:
        raise NotFound("There is no such dataset.")
    dataset.last_number += 1
    dataset.save(update_fields=["last_number"])
    survey = upload.survey
    version: DatasetVersion = DatasetVersion.objects.create(
        organization_id=dataset.organization_id,
        dataset=dataset,
        number=dataset.last_number,
        content_hash=survey.sha256,
        storage_key=store_content(organization_id=dataset.organization_id, upload=upload),
        size=survey.size,
        row_count=survey.row_count,
        columns=[asdict(column) for column in survey.columns],
        dialect={"encoding": survey.encoding, "delimiter": survey.delimiter},
        filename=upload.filename,
        message=message,
        created_by=created_by,
    )
    emit(
        type="dataset.version.created",
        subject=f"dataset/{dataset.pk}",
        organization_id=dataset.organization_id,
        data={
            "dataset_id": str(dataset.pk),
            "version_id": str(version.pk),
            "number": version.number,
            "row_count": version.row_count,
        },
    )
    return version
