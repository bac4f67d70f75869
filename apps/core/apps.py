"""Core: what every other app stands on."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {"deletions": "core:deletion-list", "docs": "docs", "history": "core:history-list", "schema": "schema"}


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"
    verbose_name = "Platform"

    def ready(self) -> None:
        from apps.core.correlation import celery  # noqa: PLC0415 - tasks are published from here on
        from apps.core.deadletters import watching  # noqa: PLC0415
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415
        from apps.core.softdelete import checks  # noqa: F401, PLC0415 - registers the checks
        from apps.core.softdelete.messages import deletion_events  # noqa: PLC0415

        celery.connect()
        watching.connect()
        api_resources.register(resources)
        event_types.register(deletion_events)
