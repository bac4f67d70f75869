"""Default deny: a view names the capability of each of its actions, and the caller's role must have it."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.core.access import Access, Capability


class CapabilityPermission(BasePermission):
    """Looks up `view.capabilities`: by action's name, else under `read` or `write`."""

    message = "Your role does not allow this."

    def has_permission(self, request: Request, view: Any) -> bool:
        access = access_of(request)
        if access is None or access.user_id is None:
            return False
        # A viewset without an action for this method goes on to say so: 405, whoever asks.
        is_offered = getattr(view, "action", "") is not None
        return not is_offered or access.allows(required_capability(request, view))

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        access = access_of(request)
        return access is not None and access.allows(required_capability(request, view), obj)


def required_capability(request: Request, view: Any) -> Capability:
    """The capability that this action of this view needs; what the view does not name is for the platform's staff."""
    needed: dict[str, Capability] = view.capabilities
    action = getattr(view, "action", None)
    if action in needed:
        return needed[action]
    return needed.get("read" if request.method in SAFE_METHODS else "write", Capability.OPERATE)


def access_of(request: Request) -> Access | None:
    """The `Access` that authentication put on the request."""
    access: Access | None = getattr(request, "access", None)
    return access
