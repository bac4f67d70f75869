"""What every soft-deleted table has: the deletion's id with its index and rules, and constraints over live rows."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.db import models
from django.db.models import Q
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.functions import Lower

from apps.core.audit.trail import Trail
from apps.core.softdelete.guards import LiveParents

LIVE = Q(deleted_at__isnull=True)
LONGEST_NAME = 30  # Django's limit for the names of indexes


def unique_live(*fields: str, name: str, ignore_case: bool = False) -> models.UniqueConstraint:
    """A unique constraint over live rows: a value is free again once its row is deleted.

    `ignore_case` compares the last field in lower case.
    """
    if ignore_case:
        *others, last = fields
        return models.UniqueConstraint(*others, Lower(last), name=name, condition=LIVE)
    return models.UniqueConstraint(fields=fields, name=name, condition=LIVE)


def live_index(*fields: str, name: str) -> models.Index:
    """A partial index over live rows; `fields` lead with the organization where the model has one."""
    return models.Index(fields=fields, name=name, condition=LIVE)


def live_count(relation: str) -> models.Count:
    """How many live rows a relation to many has. Django's own `Count` joins the table, deleted rows and all."""
    return models.Count(relation, filter=Q(**{f"{relation}__deleted_at__isnull": True}), distinct=True)


class LiveLink(ForwardManyToOneDescriptor):  # type: ignore[type-arg]
    """The row that a key refers to; None while it is deleted."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        row = super().__get__(instance, cls)
        return None if isinstance(row, models.Model) and getattr(row, "deleted_at", None) is not None else row


class LiveForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A link that a soft delete leaves alone (`SET_NULL` waits for the purge), and that reads as None until then.

    Keys to a parent (`CASCADE`, `PROTECT`) need it not: their parent is live as long as they are.
    """

    forward_related_accessor_class = LiveLink

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class DeletionIdField(models.UUIDField):  # type: ignore[type-arg]
    """Names the `Deletion` that took the row, and brings what every soft-deleted table needs.

    A model's `Meta` replaces its base's, so that indexes and constraints of an abstract base would be lost in every
    model that declares its own. A field is inherited always: this one adds them as it arrives. Migrations see a plain
    `UUIDField`, and the rest among the model's options.
    """

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if cls._meta.abstract:
            return
        table = cls._meta.db_table
        # a restore and a purge find the rows of their deletion
        found = models.Index(fields=[name], name=_short(table, "deletion"), condition=Q(**{f"{name}__isnull": False}))
        whole = models.CheckConstraint(
            condition=Q(deleted_at__isnull=True, **{f"{name}__isnull": True})
            | Q(deleted_at__isnull=False, **{f"{name}__isnull": False}),
            name=f"{table}_deleted_by_a_deletion",
        )
        options = cast("Any", cls._meta)
        options.indexes = [*options.indexes, found]
        options.constraints = [
            *options.constraints,
            whole,
            LiveParents(name=f"{table}_live_parents", model=cls),
            Trail(name=f"{table}_trail", model=cls),
        ]
        options.original_attrs.setdefault("indexes", [])  # the autodetector reads only options that are named here
        options.original_attrs.setdefault("constraints", [])

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.UUIDField", args, kwargs


def _short(table: str, suffix: str) -> str:
    """`<table>_<suffix>`, with a digest in place of the table's end where that is too long."""
    name = f"{table}_{suffix}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.blake2s(table.encode(), digest_size=3).hexdigest()
    return f"{table[: LONGEST_NAME - len(suffix) - 8]}_{digest}_{suffix}"
