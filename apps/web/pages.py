"""What every page has: errors that people can read, a strict content policy, the caller's access.

An address names the thing that it shows, and so the organization to act in; nobody chooses one first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.selectors import access_in
from apps.core.access import Access
from apps.core.correlation.context import set_actor
from apps.core.errors import Forbidden, NotFound
from apps.core.tenancy import Scope, enter_scope

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]

SIGN_IN = "web:sign-in"

# Stricter than the admin's: no script or style but our own files.
POLICY: Mapping[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "frame-ancestors": [NONE],
    "form-action": [SELF],
    "base-uri": [NONE],
}


def page(view: Page[P]) -> Page[P]:
    """A view whose domain errors become the pages that people know: 404 and 403."""

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error
        except Forbidden as error:
            raise PermissionDenied(error.detail) from error

    guarded: Page[P] = csp(dict(POLICY))(answer)  # type: ignore[assignment]
    return guarded


def act_in(request: HttpRequest, organization_id: UUID) -> Access:
    """Enter the organization of the thing that the page is about, with the caller's rights there."""
    access = access_in(request.user, organization_id)
    if access.user_id is not None:
        set_actor(access.user_id)
    request.access = access  # type: ignore[attr-defined]
    enter_scope(Scope(organization_id))
    return access


def show(request: HttpRequest, template: str, context: Mapping[str, Any], *, part: str = "") -> HttpResponse:
    """The page, or only its moving part where htmx asks for that."""
    is_part = bool(part) and request.headers.get("HX-Request") == "true"
    response = render(request, part if is_part else template, dict(context))
    response["Vary"] = "HX-Request, Cookie"
    return response
