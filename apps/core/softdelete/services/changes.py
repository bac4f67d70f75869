"""New values for rows whose old ones are taken, given with a restore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from apps.core.errors import FieldError, Invalid
from apps.core.softdelete.engine.conflicts import changeable_fields
from apps.core.softdelete.metadata import cascade_graph, model_of
from apps.core.softdelete.models import Deletion


def apply_changes(deletion: Deletion, changes: Mapping[str, Any]) -> None:
    """Write new values into rows that `deletion` holds, while they are still deleted.

    Args:
        changes: `{field: value}` for the root row, `{id: {field: value}}` for any row that it holds.

    Raises:
        Invalid: naming each field that is unknown, can't be changed here, or got a bad value.
    """
    errors: list[FieldError] = []
    for row, pointer, values in _by_row(deletion, changes, errors):
        cleaned = _clean(row, pointer, values, errors)
        if cleaned and not errors:
            type(row)._base_manager.filter(pk=row.pk, deletion_id=deletion.pk).update(**cleaned)
    if errors:
        raise Invalid("Some changes can't be made.", errors=errors)


def _by_row(
    deletion: Deletion, changes: Mapping[str, Any], errors: list[FieldError]
) -> Iterator[tuple[models.Model, str, Mapping[str, Any]]]:
    of_root = {name: value for name, value in changes.items() if not isinstance(value, Mapping)}
    if of_root:
        root = model_of(deletion.root_model)._base_manager.get(pk=deletion.root_id)
        yield root, "#/changes", of_root
    for row_id, values in changes.items():
        if isinstance(values, Mapping):
            row = _find(deletion, row_id)
            if row is None:
                errors.append(FieldError(f"#/changes/{row_id}", "UNKNOWN_ROW", "This deletion holds no such row."))
            else:
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
            cleaned[name] = field.clean(value, row)
        except ValidationError as error:
            errors += [FieldError(f"{pointer}/{name}", "INVALID", message) for message in error.messages]
    return cleaned
