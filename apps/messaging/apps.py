"""Messaging: the relay that tells what has happened, and the catalogue of what can."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "apps.messaging"
    label = "messaging"
    verbose_name = "Messaging"

    def ready(self) -> None:
        from apps.messaging import hooks  # noqa: F401, PLC0415 - declares them
