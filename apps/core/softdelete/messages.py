"""What the platform tells of deletions: three types for each kind of row."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from apps.core.outbox.catalogue import EventType, counts, identifier
from apps.core.softdelete.metadata import is_soft_deleted

DATA = {
    "id": identifier("The row."),
    "deletion": identifier("The deletion that it went with."),
    "counts": counts("Rows of the deletion, by model.", {"contests.contest": 1, "contests.category": 2}),
}
MEANINGS = {
    "deleted": "{one} went to the recycle bin, with everything below it.",
    "restored": "{one} came back from the recycle bin, with everything that went with it.",
    "purged": "{one} is gone for good.",
}


def deletion_events() -> list[EventType]:
    """The events of every soft-deleted model."""
    return [event for model in apps.get_models() if is_soft_deleted(model) for event in _events_of(model)]


def _events_of(model: type[models.Model]) -> Iterator[EventType]:
    name = str(model._meta.model_name)
    one = str(model._meta.verbose_name)
    article = "An" if one[0].lower() in "aeiou" else "A"
    belongs = any(field.name == "organization" for field in model._meta.local_fields)
    for what, meaning in MEANINGS.items():
        yield EventType(
            name=f"{name}.{what}",
            app=model._meta.app_label,
            meaning=meaning.format(one=f"{article} {one}"),
            subject=f"{name}/{{id}}",
            data=DATA,
            of_platform=not belongs,
            shape="DeletionData",
        )
