"""Every route of the API, read off the URL configuration: a new one is found the day it is added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

PREFIX = "api/v1/"
NOBODY = "01890000-0000-7000-8000-000000000000"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Route:
    """One named route. `actions` maps a method to the name of the function that answers it."""

    name: str
    path: str
    view: Any = field(hash=False)
    actions: Mapping[str, str] = field(hash=False)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parts of its address that vary."""
        return tuple(re.compile(self.path).groupindex)

    def url(self, values: Mapping[str, object]) -> str:
        """Its address with these values of its parameters."""
        return reverse(self.name, kwargs={name: str(values[name]) for name in self.parameters})

    @property
    def template(self) -> str:
        """The address as the OpenAPI document writes it: `/api/v1/events/{id}/`."""
        path = self.url(dict.fromkeys(self.parameters, NOBODY))
        for name in self.parameters:
            path = path.replace(NOBODY, f"{{{documented(name)}}}", 1)
        return path


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route, such as `GET events:event-list`."""

    route: Route
    method: str

    @property
    def action(self) -> str:
        """The name of the function that answers it."""
        return self.route.actions[self.method.lower()]

    def __str__(self) -> str:
        return f"{self.method} {self.route.name.removeprefix('v1:')}"


def documented(parameter: str) -> str:
    """What the OpenAPI document calls a parameter."""
    return "id" if parameter == "pk" else parameter


@cache
def routes() -> tuple[Route, ...]:
    """All routes below /api/v1/, in the order of the URL configuration."""
    return tuple(_walk(get_resolver(), "", ()))


@cache
def operations() -> tuple[Operation, ...]:
    """Everything that can be called."""
    return tuple(Operation(route, method.upper()) for route in routes() for method in route.actions)


def _walk(resolver: URLResolver, prefix: str, namespaces: tuple[str, ...]) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry, path, inner)
        elif path.startswith(PREFIX):
            yield _route(entry, path, namespaces)


def _route(entry: URLPattern, path: str, namespaces: tuple[str, ...]) -> Route:
    callback: Any = entry.callback
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", callback)
    actions = getattr(callback, "actions", None)
    if actions is None:
        actions = {method: method for method in METHODS if hasattr(view, method)}
    called = {method: actions[method] for method in METHODS if method in actions}  # the first request adds HEAD
    return Route(":".join((*namespaces, str(entry.name))), path, view, called)
