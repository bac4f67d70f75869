"""Encrypting anew, with the newest key, whatever any app keeps encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models, transaction

from apps.core.encryption import Sealed, SealedField, UnreadableSecretError


@dataclass(frozen=True, slots=True)
class Renewal:
    """How many rows of a model were encrypted anew, and the keys of those that no key opens any more."""

    model: type[models.Model]
    renewed: int
    unreadable: tuple[Any, ...]


def renew_secrets() -> Iterator[Renewal]:
    """Encrypt every `SealedField` of every row with the newest key, model by model, deleted rows included.

    Row by row, each in a transaction of its own: it may be stopped and begun again, and holds nobody up. Versions
    stay, for nothing that anybody sees has changed. What can't be read stays as it is.
    """
    for model in apps.get_models():
        names = [field.attname for field in model._meta.concrete_fields if isinstance(field, SealedField)]
        if names:
            keys = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
            unreadable = tuple(key for key in keys if not _is_renewed(model, key, names))
            yield Renewal(model, len(keys) - len(unreadable), unreadable)


@transaction.atomic
def _is_renewed(model: type[models.Model], key: Any, names: list[str]) -> bool:
    rows = model._base_manager.filter(pk=key)
    for values in rows.select_for_update(of=("self",)).values(*names):  # none where it went meanwhile
        sealed: dict[str, Sealed | None] = values
        try:
            rows.update(**{name: value and value.renewed() for name, value in sealed.items()})
        except UnreadableSecretError:
            return False
    return True
