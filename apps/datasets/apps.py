"""Datasets."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {"datasets": "datasets:dataset-list"}


class DatasetsConfig(AppConfig):
    name = "apps.datasets"
    label = "datasets"
    verbose_name = "Datasets"

    def ready(self) -> None:
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415 - models below apps
        from apps.core.softdelete import hooks  # noqa: PLC0415
        from apps.datasets.messages import dataset_events  # noqa: PLC0415
        from apps.datasets.services.content import forget_purged_content  # noqa: PLC0415

        api_resources.register(resources)
        event_types.register(dataset_events)
        hooks.rows_purging.register(forget_purged_content)
