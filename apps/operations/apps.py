"""Operations: health, jobs, the platform's own admin pages."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {
        "failed-tasks": "operations:failed-task-list",
        "imports": "operations:import-list",
        "jobs": "operations:job-list",
    }


class OperationsConfig(AppConfig):
    name = "apps.operations"
    label = "operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from apps.core.rest.root import api_resources  # noqa: PLC0415 - models are loaded by now

        api_resources.register(resources)
