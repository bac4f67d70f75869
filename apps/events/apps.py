"""Events."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {"events": "events:event-list"}


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"
    verbose_name = "Events"

    def ready(self) -> None:
        from apps.core.rest.root import api_resources  # noqa: PLC0415 - models below apps

        api_resources.register(resources)
