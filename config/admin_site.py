"""The admin site: for platform staff, and for people with a role that organizes or oversees."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponseBase
from unfold.sites import UnfoldAdminSite

from apps.accounts.policies import may_use_admin


class PickerView(AutocompleteJsonView):
    """What pickers find. An admin's `picker_label` says more than a row's own name where that is not enough."""

    model_admin: Any

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        label = getattr(self.model_admin, "picker_label", str)
        return {**super().serialize_result(obj, to_field_name), "text": label(obj)}


class PodiumAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Signing in is by email; who may enter is decided by role."""

    def has_permission(self, request: HttpRequest) -> bool:
        return may_use_admin(request.user)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return PickerView.as_view(admin_site=self)(request)
