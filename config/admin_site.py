"""The admin site: for platform staff, and for people with a role that organizes or oversees."""

from typing import Any, ClassVar

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from apps.accounts.policies import may_use_admin


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Email and password. Django's own form lets nobody in but staff."""

    error_messages: ClassVar[dict[str, str]] = {
        "invalid_login": "Email and password don't belong together, or this account has no use for the admin. "
        "After several wrong passwords it is locked for a while.",
    }

    def confirm_login_allowed(self, user: Any) -> None:
        if not may_use_admin(user):
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class PickerView(AutocompleteJsonView):
    """What pickers find. An admin's `picker_label` says more than a row's own name where that is not enough."""

    model_admin: Any

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        label = getattr(self.model_admin, "picker_label", str)
        return {**super().serialize_result(obj, to_field_name), "text": label(obj)}


class PodiumAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Signing in is by email; who may enter is decided by role."""

    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        return may_use_admin(request.user)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return PickerView.as_view(admin_site=self)(request)
