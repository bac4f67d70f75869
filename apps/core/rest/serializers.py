"""The base of every serializer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.utils import html

from apps.core.rest.etags import BODY_VERSION


class StrictFieldsMixin:
    """Unknown fields are refused by name, and so are values of another JSON type; DRF reads 0 as the text "0".

    They are told together with all else that is wrong with the body.
    Read-only fields that are sent back are ignored. Forms know text only, so their values are read as DRF does;
    they send a list as `marks[0]value`.
    """

    fields: Any

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)  # type: ignore[misc]
        is_form = html.is_html_input(data)
        found = {
            name: [serializers.ErrorDetail("This field is not known.", "unknown_field")]
            for name in data
            if (name.partition("[")[0] if is_form else name) not in self.fields and name not in IGNORED
        }
        if not is_form:
            found |= _wrong_types({name: self.fields[name] for name in data if name in self.fields}, data)
            data = {name: value for name, value in data.items() if name not in found}
        try:
            read = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **found}) from None  # type: ignore[dict-item]
        if found:
            raise serializers.ValidationError(found)
        return read


def with_values(shown: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown, with other values for what of `values` is among it."""
    return {name: values.get(name, value) for name, value in shown.items()}


# Which JSON types a field is written in; DRF itself is strict with the others. Subclasses before their bases.
JSON_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int,), "a whole number"),
    (serializers.FloatField, (int, float), "a number"),
    (serializers.DecimalField, (str, int, float), "a number, best as text"),
    (serializers.CharField, (str,), "text"),
    (serializers.ChoiceField, (str,), "text"),
    (serializers.UUIDField, (str,), "text"),
    (serializers.PrimaryKeyRelatedField, (str,), "text"),
)


def _wrong_types(fields: Mapping[Any, Any], values: Any) -> dict[Any, Any]:
    """Name or place → what is wrong, for values whose JSON type is not their field's."""
    found: dict[Any, Any] = {}
    for name, field in fields.items():
        value = values[name]
        if value is None or field.read_only:
            continue
        if isinstance(field, serializers.ListField) and isinstance(value, list):
            inner = _wrong_types(dict.fromkeys(range(len(value)), field.child), value)
            found |= {name: inner} if inner else {}
            continue
        for kind, types, meaning in JSON_TYPES:
            if isinstance(field, kind):
                is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
                found |= {} if is_right else {name: [serializers.ErrorDetail(f"This is {meaning}.", "wrong_type")]}
                break
    return found


# A form sends these beside its fields.
IGNORED = frozenset({"csrfmiddlewaretoken", BODY_VERSION})


class StrictSerializer(StrictFieldsMixin, serializers.Serializer[Any]):
    """A serializer without a model."""


class PodiumModelSerializer(StrictFieldsMixin, serializers.ModelSerializer[Any]):
    """A model's serializer. The organization and the version come from the platform, never from the body."""

    def get_unique_together_validators(self) -> list[Any]:
        """None: constraints are checked by the database, and explained in one place."""
        return []
