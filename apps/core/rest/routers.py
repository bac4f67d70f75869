"""Routes that answer with and without the trailing slash, and whose address is the one with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RegexPattern
from rest_framework.routers import SimpleRouter


class OptionalSlash(RegexPattern):
    """A pattern that ends in `/` and also matches without it.

    Django's `reverse()` leaves an optional `/?` out, and a client that follows such an address could not be told the
    canonical one. Here it is the pattern that has the slash, and the match that forgives its absence.
    """

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        return super().match(path) or super().match(f"{path}/")


def route(
    regex: str, view: Callable[..., Any], kwargs: Mapping[str, Any] | None = None, name: str | None = None
) -> URLPattern:
    """One route; `regex` ends in `/$`."""
    return URLPattern(OptionalSlash(regex, name=name, is_endpoint=True), view, dict(kwargs or {}), name)


class PodiumRouter(SimpleRouter):
    """DRF's router; `/events` and `/events/` are one route, and `/events/` is its address."""

    def __init__(self) -> None:
        super().__init__()
        self._url_conf = route
