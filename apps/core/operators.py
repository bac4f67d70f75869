"""Admin pages for platform staff alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.core.access import Capability
from apps.core.softdelete.admin import access_of
from apps.core.softdelete.editing import FoundAdmin


class OperatorsAdmin(FoundAdmin):
    """What only those see and change who operate the platform."""

    list_fullwidth = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).allows(Capability.OPERATE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)


class OperatorsRecordsAdmin(OperatorsAdmin):
    """What the platform has written down; nobody edits it."""

    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Every column: Django leaves out those that no form edits, which are all of them here."""
        return [field.name for field in self.model._meta.concrete_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may have something done again."""
        return self.has_view_permission(request)
