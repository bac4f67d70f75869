"""Datasets and versions, and files to upload."""

from __future__ import annotations

import hashlib
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets.models import Dataset, DatasetVersion
from tests.factories.accounts import OrganizationFactory
from tests.factories.scoped import ScopedFactory

CSV = b"name,points\nYuna,78.50\nMao,73.78\n"


class DatasetFactory(ScopedFactory[Dataset]):
    """A dataset without versions."""

    class Meta:
        model = Dataset

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"Marks {n}")
    slug = factory.Sequence(lambda n: f"marks-{n}")


class DatasetVersionFactory(ScopedFactory[DatasetVersion]):
    """A version whose bytes are in the storage."""

    class Meta:
        model = DatasetVersion
        exclude = ("content",)
        skip_postgeneration_save = True

    content = CSV
    dataset = factory.SubFactory(DatasetFactory)
    organization = factory.SelfAttribute("dataset.organization")
    number = factory.Sequence(lambda n: n + 1)
    content_hash = factory.LazyAttribute(lambda made: hashlib.sha256(made.content).hexdigest())
    storage_key = factory.LazyAttribute(
        lambda made: default_storage.save(f"datasets/test/{made.content_hash}.csv", ContentFile(made.content))
    )
    size = factory.LazyAttribute(lambda made: len(made.content))
    row_count = 2
    columns = factory.LazyFunction(
        lambda: [
            {"name": "name", "type": "text", "nullable": False},
            {"name": "points", "type": "decimal", "nullable": False},
        ]
    )
    dialect = factory.LazyFunction(lambda: {"encoding": "utf-8", "delimiter": ","})
    filename = "marks.csv"

    @factory.post_generation
    def counted(self, *_: Any, **__: Any) -> None:
        """The dataset knows the number, as when the service made the version."""
        uncounted = Dataset._base_manager.filter(pk=self.dataset_id, last_number__lt=self.number)
        uncounted.update(last_number=self.number)


def csv_file(content: bytes = CSV, name: str = "marks.csv") -> SimpleUploadedFile:
    """A file to upload."""
    return SimpleUploadedFile(name, content, content_type="text/csv")
