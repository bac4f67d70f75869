"""`?fields=`: of each row only what was asked for, and nothing else is computed."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from apps.core.errors import FieldError, MalformedRequest

PARAMETER = "fields"
ACTIONS = frozenset({"list", "retrieve"})


def fields_of(serializer: Any) -> list[str]:
    """The members of a row as the serializer, or that of each row of a list, shows it."""
    return [name for name, field in _of_a_row(serializer).fields.items() if not field.write_only]


def narrow(serializer: Any, request: Request) -> None:
    """Leave the fields out that the request does not ask for.

    Raises:
        MalformedRequest: it asks for one that there is not.
    """
    asked = request.query_params.get(PARAMETER)
    if asked is None:
        return
    names, known = {name.strip() for name in asked.split(",")}, fields_of(serializer)
    if unknown := sorted(names.difference(known)):
        detail = f"Not there: {', '.join(unknown)}. The fields are {', '.join(known)}."
        raise MalformedRequest(detail, errors=[FieldError(f"?{PARAMETER}", "UNKNOWN_FIELD", detail)])
    shown = _of_a_row(serializer).fields
    for name in set(shown) - names:
        del shown[name]


def _of_a_row(serializer: Any) -> Any:
    return getattr(serializer, "child", serializer)
