"""Settings that can't work stop the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.resilience.config import InvalidConfig
from apps.resilience.defaults import read_service


def _services() -> dict[str, Any]:
    services: dict[str, Any] = settings.RESILIENCE["SERVICES"]  # type: ignore[assignment]
    return services


@register()
def services_can_work(**_kwargs: Any) -> list[CheckMessage]:
    """Each service of `RESILIENCE` has numbers that fit together."""
    found: list[CheckMessage] = []
    for name, numbers in _services().items():
        try:
            read_service(name, numbers)
        except (InvalidConfig, KeyError, ValueError) as error:
            hint = "Correct it in config/settings/resilience.py."
            found.append(Error(f"RESILIENCE: {name}: {error!s}", hint=hint, id="resilience.E001"))
    limit = settings.RESILIENCE["REQUEST_DEADLINE"]
    if not isinstance(limit, int | float) or limit <= 0:
        hint = "Seconds for which one request may wait for services, such as 30.0."
        found.append(Error(f"RESILIENCE: REQUEST_DEADLINE can't be {limit!r}.", hint=hint, id="resilience.E003"))
    if "webhook" not in _services():
        hint = "Add it: each webhook endpoint takes its numbers from there."
        found.append(Error("RESILIENCE has no service 'webhook'.", hint=hint, id="resilience.E002"))
    return found
