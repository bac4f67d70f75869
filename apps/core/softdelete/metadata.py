"""The cascade graph of Podium's models, read off their foreign keys once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.db import models
from safedelete.models import SafeDeleteModel

from apps.core.softdelete.graph import Graph, Key, Node, Rule

RULES = {
    models.CASCADE: Rule.CASCADE,
    models.PROTECT: Rule.PROTECT,
    models.RESTRICT: Rule.RESTRICT,
    models.SET_NULL: Rule.SET_NULL,
}


def is_soft_deleted(model: type[models.Model]) -> bool:
    """Whether rows of `model` are soft-deleted by deletions."""
    if not issubclass(model, SafeDeleteModel) or model._meta.abstract or model._meta.proxy:
        return False
    return any(field.name == "deletion_id" for field in model._meta.local_fields)


def label_of(model: type[models.Model] | models.Model) -> str:
    """A model's label as `Deletion` records it, such as `contests.score`."""
    return model._meta.label_lower


def model_of(label: str) -> type[models.Model]:
    """The model of a label.

    Raises:
        LookupError: no model has it (any more).
    """
    return apps.get_model(label)


@cache
def cascade_graph() -> Graph:
    """The graph of every soft-deleted model."""
    return graph_of(tuple(model for model in apps.get_models() if is_soft_deleted(model)))


def graph_of(soft_deleted: tuple[type[models.Model], ...]) -> Graph:
    """The graph over `soft_deleted`, with the keys of all other models that point at them."""
    keys: list[Key] = []
    for model in apps.get_models(include_auto_created=True):
        keys += _keys(model, soft_deleted)
    for model in soft_deleted:
        keys += _generic_keys(model)
    return Graph((Node(label_of(model), model._meta.db_table) for model in soft_deleted), keys)


def _keys(model: type[models.Model], soft_deleted: tuple[type[models.Model], ...]) -> Iterator[Key]:
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and field.related_model in soft_deleted:
            yield Key(
                child=label_of(model),
                child_table=model._meta.db_table,
                parent=label_of(field.related_model),
                field=field.name,
                column=field.column,
                rule=RULES.get(cast("Any", field.remote_field.on_delete), Rule.KEEP),
                stays=getattr(model, "stays_when", {}).get(field.name, ""),
            )


def _generic_keys(model: type[models.Model]) -> Iterator[Key]:
    """A parent that declares a `GenericRelation` takes those children along, as in Django."""
    for relation in model._meta.private_fields:
        if isinstance(relation, GenericRelation):
            child: type[models.Model] = relation.related_model
            id_field: Any = child._meta.get_field(relation.object_id_field_name)
            type_field: Any = child._meta.get_field(relation.content_type_field_name)
            yield Key(
                child=label_of(child),
                child_table=child._meta.db_table,
                parent=label_of(model),
                field=_generic_name(child, relation),
                column=id_field.column,
                rule=Rule.CASCADE,
                type_column=type_field.column,
                as_text=not isinstance(id_field, models.UUIDField),
            )


def _generic_name(child: type[models.Model], relation: GenericRelation) -> str:
    for field in child._meta.private_fields:
        if isinstance(field, GenericForeignKey) and field.fk_field == relation.object_id_field_name:
            return str(field.name)
    return str(relation.object_id_field_name)
