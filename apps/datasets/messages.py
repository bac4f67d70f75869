"""What datasets tell."""

from __future__ import annotations

from apps.core.outbox.catalogue import EventType, identifier, text, whole


def dataset_events() -> list[EventType]:
    """Datasets and their versions."""
    dataset = identifier("The dataset.")
    return [
        EventType(
            name="dataset.created",
            app="datasets",
            meaning="A dataset was made.",
            subject="dataset/{dataset_id}",
            data={"dataset_id": dataset, "slug": text("Its name in addresses.", "finals-2026")},
        ),
        EventType(
            name="dataset.version.created",
            app="datasets",
            meaning="A dataset has a new version.",
            subject="dataset/{dataset_id}",
            data={
                "dataset_id": dataset,
                "version_id": identifier("The version."),
                "number": whole("Its number within the dataset.", 3),
                "row_count": whole("How many rows it has.", 1200),
            },
        ),
    ]
