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
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415 - models below apps
        from apps.events.messages import event_events  # noqa: PLC0415

        api_resources.register(resources)
        event_types.register(event_events)
