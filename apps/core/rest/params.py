"""Query parameters of what is no list, described by a serializer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from apps.core.errors import FieldError, MalformedRequest
from apps.core.rest.filters import refuse_unknown_params


def read_params(request: Request, serializer_class: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The request's query parameters as the serializer reads them, the defaults of what is left out included.

    Raises:
        MalformedRequest: one is not known or can't be read.
    """
    names = [str(name) for name in serializer_class().fields]
    refuse_unknown_params(request, names)
    sent = request.query_params
    serializer = serializer_class(data={name: sent[name] for name in names if name in sent})
    if not serializer.is_valid():
        raise MalformedRequest(
            "A parameter's value can't be read.",
            errors=[
                FieldError(f"?{name}", str(getattr(detail, "code", "invalid")), str(detail))
                for name, details in serializer.errors.items()
                for detail in details
            ],
        )
    read: dict[str, Any] = serializer.validated_data
    return read
