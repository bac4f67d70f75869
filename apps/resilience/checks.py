"""Settings that can't work stop the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name

from apps.resilience.config import InvalidConfig
from apps.resilience.defaults import read_service

MOST_SECONDS_OF_A_REQUEST = 120


def _services() -> dict[str, Any]:
    services: dict[str, Any] = settings.RESILIENCE["SERVICES"]  # type: ignore[assignment]
    return services


@register()
def services_can_work(**_kwargs: Any) -> list[CheckMessage]:
    """Each service of `RESILIENCE` has numbers that fit together."""
    found: list[CheckMessage] = []
    for name, numbers in _services().items():
        try:
            service = read_service(name, numbers)
        except (InvalidConfig, KeyError, ValueError) as error:
            hint = "Correct it in config/settings/resilience.py."
            found.append(Error(f"RESILIENCE: {name}: {error!s}", hint=hint, id="resilience.E001"))
            continue
        if service.deadline > MOST_SECONDS_OF_A_REQUEST:
            message = f"The service {name!r} may hold a request for {service.deadline:g} s."
            found.append(Warning(message, hint="Give it a shorter deadline.", id="resilience.W001"))
    if "webhook" not in _services():
        hint = "Add it: each webhook endpoint takes its numbers from there."
        found.append(Error("RESILIENCE has no service 'webhook'.", hint=hint, id="resilience.E002"))
    return found
