"""Every route of the API says who may, how often, and what it answers."""

from __future__ import annotations

from collections import Counter

import pytest
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.views import APIView

from apps.core.access import Capability
from apps.core.rest.permissions import CapabilityPermission
from tests.routes import Route, routes

# Routes that anybody may call, each with its reason.
OPEN_TO_ALL = {
    "v1:root": "the front page lists addresses only",
    "v1:schema": "the document is public",
    "v1:docs": "the document is public",
    "v1:redoc": "the document is public",
    "v1:contests:public-contest": "public contests only",
    "v1:contests:public-leaderboard": "public contests only, what their board shows",
    "v1:contests:public-certification": "published results only",
    "v1:contests:public-event": "public contests only",
    "v1:accounts:login": "signing in",
    "v1:accounts:refresh": "a refresh token is the credential",
    "v1:accounts:verify": "a token is the credential",
    "v1:accounts:logout": "a refresh token is the credential",
    "v1:accounts:password-reset": "whoever has forgotten a password can't sign in; the answer tells nothing",
    "v1:accounts:password-reset-confirm": "the mailed link is the credential",
    "v1:events:calendar": "the link is the credential, for calendar programs that can't sign in",
}

# Routes that ask for a sign-in and for no role: they are about the caller alone.
OPEN_TO_THE_SIGNED_IN = {
    "v1:accounts:me": "who am I",
    "v1:accounts:password": "one's own password",
    "v1:accounts:session-list": "one's own sessions",
    "v1:accounts:session-detail": "one's own sessions",
}


def _id(route: Route) -> str:
    return f"{route.name} {route.path}"


def test_there_are_routes_to_look_at() -> None:
    assert len(routes()) > 20


@pytest.mark.parametrize("route", routes(), ids=_id)
def test_a_route_has_permission_throttle_and_schema(route: Route) -> None:
    view = route.view
    assert isinstance(view, type), f"{route.name} is no class-based view"
    assert issubclass(view, APIView), "every route is a DRF view"
    assert view.throttle_classes, "no throttle"
    assert view.schema is not None or route.name in OPEN_TO_ALL, "left out of the OpenAPI document"
    if AllowAny in view.permission_classes:
        assert route.name in OPEN_TO_ALL, f"{route.name} is open to all; say why"
    elif IsAuthenticated in view.permission_classes:
        assert route.name in OPEN_TO_THE_SIGNED_IN, f"{route.name} asks for no role; say why"
    else:
        assert CapabilityPermission in view.permission_classes
        assert all(isinstance(value, Capability) for value in view.capabilities.values())


def test_the_lists_of_open_routes_have_no_strangers() -> None:
    assert {*OPEN_TO_ALL, *OPEN_TO_THE_SIGNED_IN} <= {route.name for route in routes()}


def test_a_route_has_one_name_and_a_name_one_route() -> None:
    """With and without the trailing slash is one route; plural and singular twins are none."""
    twice = {name: count for name, count in Counter(route.name for route in routes()).items() if count > 1}

    assert twice == {}


@pytest.mark.parametrize("route", routes(), ids=_id)
def test_an_address_ends_in_a_slash(route: Route) -> None:
    anything = dict.fromkeys(route.parameters, "01890000-0000-7000-8000-000000000000")

    assert route.url(anything).endswith("/")
