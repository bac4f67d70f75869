"""Cursor pagination: opaque, signed, bound to the filters, stable under inserts."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from apps.core.errors import FieldError, MalformedRequest

SALT = "podium.cursor"


class InvalidCursor(MalformedRequest):
    """The cursor was changed, or belongs to other filters or another ordering."""

    code = "INVALID_CURSOR"


class SignedCursorPagination(CursorPagination):
    """DRF's cursor with a signature over position, path and filters; the key breaks ties."""

    page_size = 50
    max_page_size = 100
    page_size_query_param = "page_size"
    ordering: Any = "-id"

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return self.page_size
        if not asked.isdecimal() or not 1 <= int(asked) <= self.max_page_size:
            detail = f"page_size is a whole number from 1 to {self.max_page_size}."
            raise MalformedRequest(detail, errors=[FieldError("?page_size", "OUT_OF_RANGE", detail)])
        return int(asked)

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The asked or default ordering, with the key as the last resort."""
        asked = tuple(str(field) for field in queryset.query.order_by)
        ordering: tuple[str, ...] = asked or tuple(getattr(view, "ordering", ("-id",)))
        if ordering[-1].lstrip("-") != "id":
            ordering += ("-id" if ordering[0].startswith("-") else "id",)
        return ordering

    def _binding(self, request: Request) -> str:
        filters = sorted((k, v) for k, v in request.query_params.lists() if k not in {"cursor", "page_size"})
        return hashlib.blake2s(repr((request.path.rstrip("/"), filters)).encode(), digest_size=12).hexdigest()

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self._bound_to = self._binding(request)
        page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        return page

    def decode_cursor(self, request: Request) -> Cursor | None:
        encoded = request.query_params.get(self.cursor_query_param)
        if encoded is None:
            return None
        try:
            bound_to, offset, reverse, position = signing.loads(encoded, salt=SALT)
        except signing.BadSignature:
            bound_to = None
        if bound_to != self._bound_to:
            detail = "This cursor is not of this list. Start again without it."
            raise InvalidCursor(detail, errors=[FieldError("?cursor", "INVALID_CURSOR", detail)])
        return Cursor(offset, reverse, position)

    def encode_cursor(self, cursor: Cursor) -> str:
        token = signing.dumps((self._bound_to, cursor.offset, cursor.reverse, cursor.position), salt=SALT)
        return str(replace_query_param(str(self.base_url), self.cursor_query_param, token))
