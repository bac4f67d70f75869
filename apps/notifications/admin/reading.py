"""What is written by workers and only looked at in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest

from apps.core.access import Capability
from apps.core.softdelete.admin import access_of


class ReadOnly:
    """For those with the `capability`, and for nobody to change."""

    capability: ClassVar[Capability] = Capability.MANAGE_WEBHOOKS

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether it is in the menu."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who manage it only."""
        return access_of(request).allows(self.capability, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
