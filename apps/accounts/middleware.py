"""The admin's pages act in one organization, or for platform staff on all of them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.accounts.selectors import access_for_admin
from apps.core.access import Capability
from apps.core.correlation.context import set_actor
from apps.core.tenancy import Scope, enter_scope


class AdminScopeMiddleware:
    """Puts the caller's `Access` on each request to the admin, and enters its scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/admin/"):
            access = access_for_admin(request)
            request.access = access  # type: ignore[attr-defined]
            if access.user_id is not None:
                set_actor(access.user_id)
            if access.organization_id is not None or access.allows(Capability.OPERATE):
                enter_scope(Scope(access.organization_id, "platform staff in the admin"))
        return self.get_response(request)
