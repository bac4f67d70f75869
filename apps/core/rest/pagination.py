"""Cursor pagination: opaque, signed, bound to the filters, stable under inserts and deletes.

A cursor holds the values that its row has in the list's ordering, key last, so that the next page begins right after
that row whatever has been added or removed meanwhile. DRF's own cursor knows the first field only: it counts rows
where that one is equal, and has no place for NULL. What has no value is last, whichever way a list is ordered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, Model, OrderBy, Q, QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from apps.core.errors import FieldError, MalformedRequest
from apps.core.rest.filters import whole_number
from apps.core.rest.sparse import PARAMETER

SALT = "podium.cursor"
NOT_FILTERS = frozenset({"cursor", "page_size", PARAMETER})
FORWARD, BACK = "n", "p"
NOTHING = Q(pk__in=[])

Position = Sequence[str | None]


class InvalidCursor(MalformedRequest):
    """The cursor was changed, or belongs to other filters or another ordering."""

    code = "INVALID_CURSOR"


class SignedCursorPagination(CursorPagination):
    """Keyset pagination with the links, parameters and page controls of DRF's `CursorPagination`."""

    page_size = 50
    max_page_size = 100
    page_size_query_param = "page_size"
    ordering: Any = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """One page, and whether there is more on either side of it."""
        size = self.get_page_size(request) or self.page_size
        self.request, self.base_url = request, request.build_absolute_uri()
        self.ordering = self.get_ordering(request, queryset, view)
        self._bound_to = self._binding(request)
        direction, position = self._read_cursor(request)
        backwards = direction == BACK
        ordering = _reversed(self.ordering) if backwards else self.ordering
        nulls = Nulls(queryset.model, is_first=backwards)
        queryset = queryset.order_by(*map(nulls.ordered, ordering))
        if position is not None:
            queryset = queryset.filter(_after(ordering, position, nulls))
        found = list(queryset[: size + 1])
        is_more, page = len(found) > size, found[:size]
        self.rows: list[Any] = page[::-1] if backwards else page
        self.has_next = backwards or is_more
        self.has_previous = is_more if backwards else position is not None
        self.display_page_controls = (self.has_next or self.has_previous) and self.template is not None
        self._asked = position
        return self.rows

    def get_page_size(self, request: Request) -> int | None:
        asked = whole_number(request, self.page_size_query_param, low=1, high=self.max_page_size)
        return asked or self.page_size

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The asked or default ordering, with the key as the last resort."""
        asked = tuple(str(field) for field in queryset.query.order_by)
        ordering: tuple[str, ...] = asked or tuple(getattr(view, "ordering", ("-id",)))
        if ordering[-1].lstrip("-") != "id":
            ordering += ("-id" if ordering[0].startswith("-") else "id",)
        return ordering

    def get_next_link(self) -> str | None:
        return self._link(FORWARD, self.rows[-1:]) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link(BACK, self.rows[:1]) if self.has_previous else None

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        cursor = "Where the page begins: taken from `next` or `previous`, never made."
        return [
            {"name": self.cursor_query_param, "in": "query", "description": cursor, "schema": {"type": "string"}},
            {"name": self.page_size_query_param, "in": "query", "description": "Rows on a page.", "schema": size},
        ]

    def _link(self, direction: str, edge: Sequence[Any]) -> str:
        """The page beyond `edge`; beyond the asked position where the page has no rows."""
        position = _position_of(edge[0], self.ordering) if edge else self._asked
        token = signing.dumps((self._bound_to, direction, position), salt=SALT)
        return str(replace_query_param(str(self.base_url), self.cursor_query_param, token))

    def _read_cursor(self, request: Request) -> tuple[str, Position | None]:
        encoded = request.query_params.get(self.cursor_query_param)
        if encoded is None:
            return FORWARD, None
        try:
            bound_to, direction, position = signing.loads(encoded, salt=SALT)
        except (signing.BadSignature, ValidationError):
            bound_to, direction, position = None, FORWARD, None
        if bound_to != self._bound_to:
            detail = "This cursor is not of this list. Start again without it."
            raise InvalidCursor(detail, errors=[FieldError("?cursor", "INVALID_CURSOR", detail)])
        return direction, position

    def _binding(self, request: Request) -> str:
        filters = sorted((k, v) for k, v in request.query_params.lists() if k not in NOT_FILTERS)
        bound = (request.path.rstrip("/"), filters, self.ordering)
        return hashlib.blake2s(repr(bound).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Nulls:
    """Where rows without a value stand in an ordering of `model`: last, and first on the way back.

    It is said only of fields that can be without one: an index on the others has no place for NULL.
    """

    model: type[Model]
    is_first: bool

    def ordered(self, field: str) -> OrderBy | str:
        """One field of the `ORDER BY`."""
        name = field.lstrip("-")
        if not self._can_be_in(name):
            return field
        where: dict[str, Any] = {"nulls_first" if self.is_first else "nulls_last": True}
        return F(name).desc(**where) if field.startswith("-") else F(name).asc(**where)

    def after(self, field: str, value: str | None) -> Q:
        """The rows after `value` in one field."""
        name = field.lstrip("-")
        if value is None:
            return Q(**{f"{name}__isnull": False}) if self.is_first else NOTHING
        further = Q(**{f"{name}__lt" if field.startswith("-") else f"{name}__gt": value})
        has_more = not self.is_first and self._can_be_in(name)
        return further | Q(**{f"{name}__isnull": True}) if has_more else further

    def _can_be_in(self, name: str) -> bool:
        """Whether the field, or a relation on the way to it, can be without a value."""
        at: Any = self.model
        for part in name.split("__"):
            found = at._meta.pk if part == "pk" else at._meta.get_field(part)
            if found.null:
                return True
            at = found.related_model
        return False


def _reversed(ordering: Sequence[str]) -> tuple[str, ...]:
    return tuple(field[1:] if field.startswith("-") else f"-{field}" for field in ordering)


def _position_of(row: Any, ordering: Sequence[str]) -> list[str | None]:
    """The row's values in the list's ordering, as text that their columns read again."""
    position: list[str | None] = []
    for field in ordering:
        value = reduce(getattr, field.lstrip("-").split("__"), row)
        if isinstance(value, Model):
            value = value.pk
        if isinstance(value, datetime):
            value = value.isoformat()
        position.append(None if value is None else str(value))
    return position


def _after(ordering: Sequence[str], position: Position, nulls: Nulls) -> Q:
    """The rows that come after `position`: greater in one field, equal in those before it.

    That the first field is not smaller follows from it, and said by itself lets an index begin there.
    """
    beyond, equal = NOTHING, Q()
    for field, value in zip(ordering, position, strict=True):
        beyond |= equal & nulls.after(field, value)
        name = field.lstrip("-")
        equal &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    first, value = ordering[0], position[0]
    start = Q() if value is None else Q(**{first.lstrip("-"): value}) | nulls.after(first, value)
    return start & beyond
