"""New values for rows whose old ones are taken, given with a restore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models

from apps.core.errors import FieldError, Invalid
from apps.core.softdelete.engine.conflicts import changeable_fields
from apps.core.softdelete.metadata import cascade_graph, model_of
from apps.core.softdelete.models import Deletion


class Changes:
    """New values that were given with a restore. Each is written by the deletion that holds its row.

    Args:
        deletion: the one that was asked for.
        given: `{field: value}` for its root row, `{id: {field: value}}` for any row that comes back.
    """

    def __init__(self, deletion: Deletion, given: Mapping[str, Any]) -> None:
        self._deletion = deletion
        self._of_root = {name: value for name, value in given.items() if not isinstance(value, Mapping)}
        self._of_rows = {row_id: values for row_id, values in given.items() if isinstance(values, Mapping)}
        self._used: set[str] = set()

    def apply(self, deletion: Deletion) -> None:
        """Write what is meant for rows that `deletion` holds, while they are still deleted.

        Raises:
            Invalid: naming each field that is unknown, can't be changed here, or got a bad value.
        """
        errors: list[FieldError] = []
        for row, pointer, values in self._by_row(deletion):
            cleaned = _clean(row, pointer, values, errors)
            if cleaned and not errors:
                type(row)._base_manager.filter(pk=row.pk, deletion_id=deletion.pk).update(**cleaned)
        if errors:
            raise Invalid("Some changes can't be made.", errors=errors)

    def require_all_used(self) -> None:
        """Refuse what was meant for rows that no deletion has held.

        Raises:
            Invalid: naming each.
        """
        unknown = [row_id for row_id in self._of_rows if row_id not in self._used]
        if unknown:
            detail = "Nothing that comes back has this id."
            errors = [FieldError(f"#/changes/{row_id}", "UNKNOWN_ROW", detail) for row_id in unknown]
            raise Invalid("Some changes can't be made.", errors=errors)

    def _by_row(self, deletion: Deletion) -> Iterator[tuple[models.Model, str, Mapping[str, Any]]]:
        if self._of_root and deletion.pk == self._deletion.pk:
            root = model_of(deletion.root_model)._base_manager.get(pk=deletion.root_id)
            yield root, "#/changes", self._of_root
        for row_id, values in self._of_rows.items():
            row = _find(deletion, row_id)
            if row is not None:
                self._used.add(row_id)
                yield row, f"#/changes/{row_id}", values


def _find(deletion: Deletion, row_id: str) -> models.Model | None:
    try:
        key = UUID(row_id)
    except ValueError:
        return None
    for node in cascade_graph().below(deletion.root_model):
        row: models.Model | None = model_of(node.label)._base_manager.filter(pk=key, deletion_id=deletion.pk).first()
        if row is not None:
            return row
    return None


def _clean(row: models.Model, pointer: str, values: Mapping[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    allowed = changeable_fields(type(row))
    for name, value in values.items():
        if name not in allowed:
            detail = f"Only {', '.join(allowed) or 'nothing'} can be changed here."
            errors.append(FieldError(f"{pointer}/{name}", "NOT_CHANGEABLE", detail))
            continue
        field: Any = row._meta.get_field(name)
        try:
            cleaned[name] = field.clean(_typed(field, value), row)
        except ValidationError as error:
            errors += [FieldError(f"{pointer}/{name}", "INVALID", message) for message in error.messages]
    return cleaned


def _typed(field: Any, value: Any) -> Any:
    """`value`, which must be text, or null, or for a number's field a whole number; Django reads any type as text."""
    is_number = isinstance(field, models.IntegerField)
    if isinstance(value, str):
        ProhibitNullCharactersValidator()(value)
    elif value is not None and not (is_number and type(value) is int):
        raise ValidationError("Write a whole number." if is_number else "Write text.")
    return value
