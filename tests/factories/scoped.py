"""The base of factories whose rows belong to an organization."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from factory.django import DjangoModelFactory

from apps.core.tenancy import platform_scope

M = TypeVar("M", bound=models.Model)


class ScopedFactory(DjangoModelFactory[M]):
    """Creates outside any scope, so that a test need not enter one first."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        with platform_scope("a factory"):
            return super()._create(model_class, *args, **kwargs)
