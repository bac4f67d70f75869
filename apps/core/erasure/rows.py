"""Which rows are a person's own, and what replaces the personal data in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat

NOBODY = "erased.invalid"  # RFC 2606: no address there is anybody's
ERASED = "[erased]"


def personal_fields_of(model: type[models.Model]) -> tuple[str, ...]:
    """The fields of a model that hold personal data."""
    fields: tuple[str, ...] = getattr(model, "personal_fields", ())
    return fields


def models_with_personal_fields() -> list[type[models.Model]]:
    """Every model that declares personal fields."""
    return [model for model in apps.get_models() if personal_fields_of(model)]


def own_rows(user: models.Model, addresses: Sequence[str]) -> Iterator[models.QuerySet[Any]]:
    """The person's rows, live or deleted: the account, what refers to it, and what has one of its addresses."""
    for model in models_with_personal_fields():
        condition = Q(pk=user.pk) if isinstance(user, model) else Q(pk__in=[])
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey) and field.related_model is get_user_model():
                condition |= Q(**{field.name: user.pk})
            elif isinstance(field, models.EmailField) and field.name in personal_fields_of(model):
                for address in addresses:
                    condition |= Q(**{f"{field.name}__iexact": address})
        yield model._base_manager.filter(condition)


def overwrite(rows: models.QuerySet[Any], pseudonym: str) -> tuple[UUID, ...]:
    """Overwrite the personal fields of `rows`; their ids."""
    model = rows.model
    ids = tuple(rows.values_list("pk", flat=True))
    if ids:
        values = {name: replacement(model._meta.get_field(name), pseudonym) for name in personal_fields_of(model)}
        if any(field.name == "version" for field in model._meta.local_fields):
            values["version"] = F("version") + 1
        model._base_manager.filter(pk__in=ids).update(**values)
    return ids


def replacement(field: Any, pseudonym: str) -> Any:
    """What a personal field holds from now on: as little as the column allows."""
    if field.name == "password":
        return make_password(None)
    if isinstance(field, models.EmailField) and not field.blank:
        return Concat(Cast("pk", models.CharField()), Value(f"@{NOBODY}"))
    if isinstance(field, models.CharField | models.TextField):
        return "" if field.blank else pseudonym[: field.max_length]
    if isinstance(field, models.JSONField):
        return field.get_default() if field.has_default() else {}
    return None


def is_erased(text: str) -> bool:
    """Whether an erasure has replaced something in it."""
    return ERASED in text or NOBODY in text


def pseudonym_of(user_id: UUID) -> str:
    """What the person is called from now on; the same at each call."""
    return f"Erased person {str(user_id)[-6:]}"
