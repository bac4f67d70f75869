"""Integrations: clients for the outside world."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"
    label = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from apps.integrations import checks  # noqa: F401, PLC0415 - registers the checks
