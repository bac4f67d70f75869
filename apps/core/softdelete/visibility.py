"""Deleted rows in the API's lists and details, for those who keep the recycle bin."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers
from rest_framework.request import Request
from safedelete.config import DELETED_ONLY_VISIBLE, DELETED_VISIBLE

from apps.core.access import Capability
from apps.core.errors import FieldError, Forbidden, MalformedRequest

INCLUDE, ONLY = "include_deleted", "only_deleted"


class DeletedRowsMixin:
    """Gives a viewset of soft-deleted rows `?include_deleted=true` and `?only_deleted=true`, for admins and owners.

    List it before `PodiumViewSet`. `SoftDeleteMixin`, for rows that the viewset itself deletes, brings it along.
    """

    extra_query_params: ClassVar[tuple[str, ...]] = (INCLUDE, ONLY)

    def get_queryset(self) -> models.QuerySet[Any]:
        """Live rows; deleted ones too, or only, where an admin asks for them."""
        queryset: Any = super().get_queryset()  # type: ignore[misc]
        visibility = self._asked_visibility()
        asked: models.QuerySet[Any] = queryset if visibility is None else queryset.all(force_visibility=visibility)
        return asked

    def get_serializer_class(self) -> Any:
        """Deleted rows say who deleted them, when, and by which deletion."""
        serializer_class = super().get_serializer_class()  # type: ignore[misc]
        return serializer_class if self._asked_visibility() is None else _with_deletion(serializer_class)

    def _asked_visibility(self) -> int | None:
        request: Request | None = getattr(self, "request", None)
        if request is None or getattr(self, "action", None) not in {"list", "retrieve"}:
            return None
        only, include = (_flag(request, name) for name in (ONLY, INCLUDE))
        if not only and not include:
            return None
        if not self.access.allows(Capability.RECYCLE):  # type: ignore[attr-defined]
            raise Forbidden("Deleted rows are shown to admins and owners.")
        return DELETED_ONLY_VISIBLE if only else DELETED_VISIBLE


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false").lower()
    if value not in {"true", "false"}:
        detail = f"{name} is true or false."
        raise MalformedRequest(detail, errors=[FieldError(f"?{name}", "INVALID", detail)])
    return value == "true"


@cache
def _with_deletion(serializer_class: type[serializers.ModelSerializer[Any]]) -> type[Any]:
    """The serializer with the columns of deletion at its end."""
    names = ("deleted_at", "deleted_by", "deletion")
    meta = type("Meta", (serializer_class.Meta,), {"fields": (*serializer_class.Meta.fields, *names)})
    attributes = {
        "Meta": meta,
        "deleted_at": serializers.DateTimeField(read_only=True),
        "deleted_by": serializers.UUIDField(read_only=True),
        "deletion": serializers.UUIDField(source="deletion_id", read_only=True),
    }
    return type(f"Deletable{serializer_class.__name__}", (serializer_class,), attributes)
