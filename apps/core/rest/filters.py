"""Filters, search and ordering by an allow list; anything else in the query string is refused by name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from rest_framework.request import Request

from apps.core.errors import FieldError, MalformedRequest
from apps.core.rest import sparse

# Not filters: paging, representation, order.
RESERVED = frozenset({"cursor", "page_size", "format", "ordering", sparse.PARAMETER})
TRUTH = ("true", "false")


def refuse_unknown_params(request: Request, known: Collection[str]) -> None:
    """Refuse a query string with a name that is not one of `known`: a misspelt filter must not show everything.

    Raises:
        MalformedRequest: with an entry for each unknown name.
    """
    unknown = sorted(set(request.query_params) - set(known) - {"format"})
    if unknown:
        names = ", ".join(sorted(set(known) - RESERVED)) or "none"
        raise MalformedRequest(
            f"Unknown query parameter: {', '.join(unknown)}. Known here: {names}.",
            errors=[
                FieldError(f"?{name}", "UNKNOWN_PARAMETER", "This parameter is not known here.") for name in unknown
            ],
        )


def whole_number(request: Request, name: str, *, low: int, high: int) -> int | None:
    """The query parameter `name` as a number, None where it was not sent.

    Raises:
        MalformedRequest: it is not a whole number from `low` to `high`.
    """
    asked = request.query_params.get(name)
    if asked is None:
        return None
    # The length first: Python refuses to read thousands of digits, with an error of its own.
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= len(str(high)) and low <= int(asked) <= high):
        detail = f"{name} is a whole number from {low} to {high}."
        raise MalformedRequest(detail, errors=[FieldError(f"?{name}", "OUT_OF_RANGE", detail)])
    return int(asked)


class WholeNumberFilter(filters.NumberFilter):  # type: ignore[misc]
    """A whole number; django-filter's own takes 0.5 and finds nothing."""

    field_class = forms.IntegerField


class StrictFilterBackend(filters.DjangoFilterBackend):  # type: ignore[misc]
    """django-filter, `search` over `view.search_fields` and `ordering` by `view.ordering_fields`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        self._refuse_unknown(request, queryset, view)
        try:
            queryset = super().filter_queryset(request, queryset, view)
        except ValidationError as error:
            raise _malformed(error) from error
        queryset = _search(request, queryset, view)
        return _order(request, queryset, view)

    def _refuse_unknown(self, request: Request, queryset: QuerySet[Any], view: Any) -> None:
        filterset_class = self.get_filterset_class(view, queryset)
        known = set(filterset_class.base_filters) if filterset_class else set()
        known |= RESERVED | set(getattr(view, "extra_query_params", ()))
        if getattr(view, "search_fields", ()):
            known.add("search")
        refuse_unknown_params(request, known)

    def get_filterset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        filterset = super().get_filterset(request, queryset, view)
        if filterset is None:
            return None
        if not filterset.is_valid():
            raise ValidationError(filterset.errors.as_data())
        if getattr(request.accepted_renderer, "format", None) != "api":  # its filter form sends every field
            _refuse_nothing_said(request, filterset)
        return filterset


def _refuse_nothing_said(request: Request, filterset: Any) -> None:
    """Refuse filters that were sent and not understood: django-filter passes over them, and shows everything."""
    detail = "A filter's value can't be read."
    found = []
    for name, value in filterset.form.cleaned_data.items():
        sent = request.query_params.get(name)
        is_truth = isinstance(filterset.filters[name], filters.BooleanFilter)
        if sent is not None and (value in EMPTY_VALUES or (is_truth and sent.lower() not in TRUTH)):
            found.append(FieldError(f"?{name}", "INVALID", f"Write {' or '.join(TRUTH)}." if is_truth else detail))
    if found:
        raise MalformedRequest(detail, errors=found)


def _search(request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
    text = request.query_params.get("search", "").replace("\x00", "").strip()
    if not text:
        return queryset
    found = Q()
    for field in view.search_fields:
        found |= Q(**{f"{field}__icontains": text})
    return queryset.filter(found)


def _order(request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
    asked = request.query_params.get("ordering")
    if not asked:
        return queryset
    allowed = tuple(getattr(view, "ordering_fields", ()))
    fields = [field.strip() for field in asked.split(",")]
    wrong = [field for field in fields if field.removeprefix("-") not in allowed]
    if wrong:
        detail = f"This list can be ordered by {', '.join(allowed) or 'nothing'}."
        raise MalformedRequest(detail, errors=[FieldError("?ordering", "UNKNOWN_ORDERING", detail)])
    return queryset.order_by(*fields)


def _malformed(error: ValidationError) -> MalformedRequest:
    found = [
        FieldError(f"?{name}", "INVALID", message)
        for name, messages in error.message_dict.items()
        for message in messages
    ]
    return MalformedRequest("A filter's value can't be read.", errors=found)
