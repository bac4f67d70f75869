"""Constraints and indexes that count live rows only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

LIVE = Q(deleted_at__isnull=True)


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
