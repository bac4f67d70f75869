"""The admin site: for platform staff, and for people with a role that organizes or oversees."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from apps.accounts.policies import may_use_admin


class PodiumAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Signing in is by email; who may enter is decided by role."""

    def has_permission(self, request: HttpRequest) -> bool:
        return may_use_admin(request.user)
