"""The admin site: for platform staff, and for people with a role that organizes or oversees."""

from typing import Any, ClassVar

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import ValidationError
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from apps.accounts.policies import may_use_admin

# Roles stand in for groups, tokens are secrets, and nothing here is scheduled by the sun.
NOT_SHOWN = frozenset(
    {
        "auth.Group",
        "django_celery_beat.ClockedSchedule",
        "django_celery_beat.SolarSchedule",
        "django_celery_results.GroupResult",
        "token_blacklist.BlacklistedToken",
        "token_blacklist.OutstandingToken",
    }
)


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

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Leave out what libraries bring and nobody here works with; give the rest of theirs the look of ours.

        Where there is a page of ours for a library's model, it wins, whichever is registered first.
        """
        models: Any = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        shown = [model for model in models if model._meta.label not in NOT_SHOWN]
        if admin_class is not None and admin_class.__module__.startswith("apps."):
            for model in filter(self.is_registered, shown):
                if not type(self.get_model_admin(model)).__module__.startswith("apps."):
                    self.unregister(model)
        else:
            shown = [model for model in shown if not self.is_registered(model)]
        if admin_class is not None and not issubclass(admin_class, ModelAdmin):
            admin_class = type(admin_class.__name__, (admin_class, ModelAdmin), {})
        super().register(shown, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may_use_admin(request.user)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return PickerView.as_view(admin_site=self)(request)
