"""Mistakes in soft-deleted models that stop Podium from starting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

from apps.core.softdelete.fields import LiveForeignKey
from apps.core.softdelete.graph import CascadeCycle
from apps.core.softdelete.metadata import cascade_graph, is_soft_deleted

KEPT = {models.CASCADE, models.PROTECT, models.RESTRICT, models.SET_NULL}


@register("models")
def check_soft_deleted_models(**kwargs: Any) -> list[CheckMessage]:
    """Keys that a cascade could not follow, or that would lose rows."""
    del kwargs
    found: list[CheckMessage] = []
    try:
        cascade_graph()
    except CascadeCycle as cycle:
        hint = "Make one of these keys SET_NULL: a delete locks parents before children, and here nobody is first."
        found.append(Error(str(cycle), hint=hint, id="podium.E101"))
    for model in apps.get_models():
        found += _key_errors(model)
    return found


def _key_errors(model: type[models.Model]) -> Iterator[CheckMessage]:
    for field in model._meta.local_fields:
        if not isinstance(field, models.ForeignKey) or not is_soft_deleted(field.related_model):
            continue
        rule: Any = field.remote_field.on_delete
        if rule not in KEPT:
            hint = "A soft delete knows CASCADE, PROTECT, RESTRICT and SET_NULL."
            yield Error("This key has a rule of its own for deletes.", hint=hint, obj=field, id="podium.E102")
        elif rule is models.SET_NULL and is_soft_deleted(model) and not isinstance(field, LiveForeignKey):
            hint = "Use apps.core.softdelete.fields.LiveForeignKey."
            yield Error(
                "This link would show what it refers to after its delete.", hint=hint, obj=field, id="podium.E103"
            )
        elif field.remote_field.parent_link:
            hint = "Use a foreign key: each table has its own columns of deletion."
            yield Error("A soft-deleted model can't be inherited by tables.", hint=hint, obj=field, id="podium.E104")
