"""Resilience: breakers, retries, limits."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {
        "circuit-breakers": "resilience:circuit-breaker-list",
        "resilience-health": "resilience:health-list",
        "resilience-summary": "resilience:summary-list",
    }


class ResilienceConfig(AppConfig):
    name = "apps.resilience"
    label = "resilience"
    verbose_name = "Resilience"

    def ready(self) -> None:
        from django.db import connections  # noqa: PLC0415 - models first

        from apps.core import rates  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415
        from apps.core.softdelete import hooks  # noqa: PLC0415
        from apps.resilience import checks, defaults, events, selectors, services  # noqa: F401, PLC0415
        from apps.resilience.history import history  # noqa: PLC0415
        from apps.resilience.keeper import Keeper  # noqa: PLC0415

        api_resources.register(resources)
        hooks.rows_deleted.register(services.fall_back_to_settings)
        hooks.rows_restoring.register(services.bring_back)
        events.listen(history.remember)
        rates.protect_with(lambda question: defaults.policy("cache").call(question))
        defaults.keep_with(
            Keeper(
                load_overrides=selectors.overrides_in_force,
                waiting=history.waiting,
                write_history=history.write_waiting,
                give_back=connections.close_all,
            )
        )
