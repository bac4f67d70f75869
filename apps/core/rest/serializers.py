"""The base of every serializer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.core.rest.etags import BODY_VERSION


class StrictFieldsMixin:
    """Unknown fields are refused by name; read-only ones that are sent back unchanged are ignored."""

    fields: Any

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields and name not in IGNORED]
            if unknown:
                raise serializers.ValidationError(
                    {name: [serializers.ErrorDetail("This field is not known.", "unknown_field")] for name in unknown}
                )
        return super().to_internal_value(data)  # type: ignore[misc]


# A form sends these beside its fields.
IGNORED = frozenset({"csrfmiddlewaretoken", BODY_VERSION})


class StrictSerializer(StrictFieldsMixin, serializers.Serializer[Any]):
    """A serializer without a model."""


class PodiumModelSerializer(StrictFieldsMixin, serializers.ModelSerializer[Any]):
    """A model's serializer. The organization and the version come from the platform, never from the body."""

    def get_unique_together_validators(self) -> list[Any]:
        """None: constraints are checked by the database, and explained in one place."""
        return []
