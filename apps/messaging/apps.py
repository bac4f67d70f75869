"""Messaging: the relay that tells what has happened, and the catalogue of what can."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {"outbox": "messaging:outbox-message-list"}


class MessagingConfig(AppConfig):
    name = "apps.messaging"
    label = "messaging"
    verbose_name = "Messaging"

    def ready(self) -> None:
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415 - models first
        from apps.core.rest.root import api_resources  # noqa: PLC0415
        from apps.messaging import circuits, hooks  # noqa: F401, PLC0415 - declares them
        from apps.resilience.hooks import circuit_changed  # noqa: PLC0415

        api_resources.register(resources)
        event_types.register(circuits.circuit_events)
        circuit_changed.register(circuits.tell_of_circuit)
