"""Every route of the API says who may, how often, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from apps.core.access import Capability
from apps.core.rest.permissions import CapabilityPermission

# Routes that anybody may call, each with its reason.
OPEN_TO_ALL = {
    "v1:root": "the front page lists addresses only",
    "v1:schema": "the document is public",
    "v1:docs": "the document is public",
    "v1:redoc": "the document is public",
    "v1:accounts:login": "signing in",
    "v1:accounts:refresh": "a refresh token is the credential",
    "v1:accounts:verify": "a token is the credential",
    "v1:accounts:logout": "a refresh token is the credential",
}


def _views(resolver: URLResolver, names: tuple[str, ...] = (), path: str = "") -> Iterator[tuple[str, str, Any]]:
    for pattern in resolver.url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from _views(pattern, inner, here)
        elif isinstance(pattern, URLPattern) and here.startswith("api/"):
            name = ":".join((*names, pattern.name or here))
            yield name, here, getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


ROUTES = sorted(_views(get_resolver()), key=lambda route: route[:2])


def test_there_are_routes_to_look_at() -> None:
    assert len(ROUTES) > 20


@pytest.mark.parametrize(("name", "path", "view"), ROUTES, ids=[f"{name} {path}" for name, path, _ in ROUTES])
def test_a_route_has_permission_throttle_and_schema(name: str, path: str, view: Any) -> None:
    assert view is not None and issubclass(view, APIView), "every route is a DRF view"
    assert view.throttle_classes, "no throttle"
    assert view.schema is not None or name in OPEN_TO_ALL, "left out of the OpenAPI document"
    if AllowAny in view.permission_classes:
        assert name in OPEN_TO_ALL, f"{name} is open to all; say why"
    else:
        assert CapabilityPermission in view.permission_classes
        assert all(isinstance(value, Capability) for value in view.capabilities.values())


def test_the_list_of_open_routes_has_no_strangers() -> None:
    assert set(OPEN_TO_ALL) <= {name for name, _, _ in ROUTES}
