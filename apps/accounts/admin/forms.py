"""The forms of people in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from apps.accounts.models import Membership, User
from apps.accounts.services.sessions import remove_password, set_password
from apps.core.softdelete.editing import VersionedForm


class NewUserForm(UserCreationForm):  # type: ignore[misc]
    """Somebody new, by email."""

    class Meta:
        model = User
        fields = ["email", "full_name"]


class UserForm(VersionedForm, UserChangeForm):  # type: ignore[misc]
    """Somebody known."""

    class Meta:
        model = User
        fields = "__all__"


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[misc]
    """A new password, which ends every session of its owner."""

    user: User

    def save(self, commit: bool = True) -> User:
        """Set it through the service, whatever `commit` says."""
        del commit
        if self.cleaned_data["set_usable_password"]:
            set_password(user=self.user, password=self.cleaned_data["password1"])
        else:
            remove_password(user=self.user)
        return self.user


class MembershipForm(VersionedForm):
    """A member's role."""

    class Meta:
        model = Membership
        fields = ["role"]


class NewMembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody who becomes a member: known by email, or new."""

    email = forms.EmailField(max_length=254, widget=UnfoldAdminEmailInputWidget())
    full_name = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="For somebody who has no account yet.",
    )

    class Meta:
        model = Membership
        fields = ["role"]

    field_order = ["email", "full_name", "role"]

    def person(self) -> dict[str, Any]:
        """Who it is about."""
        return {name: self.cleaned_data[name] for name in ("email", "full_name")}
