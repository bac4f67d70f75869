"""Time zones by their IANA names."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})  # that of the machine, where its database has such a file


def validate_timezone(name: str) -> None:
    """Refuse what is not a name of the IANA time zone database, such as `Europe/Helsinki`."""
    if name not in _names():
        raise ValidationError("This is not an IANA time zone, such as Europe/Helsinki.", code="unknown_timezone")
