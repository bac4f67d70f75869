"""Users, for the platform's staff, and members, for those who manage an organization."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from apps.accounts.admin.forms import MembershipForm, NewMembershipForm, NewPasswordForm, NewUserForm, UserForm
from apps.accounts.enums import Role
from apps.accounts.models import Membership, User
from apps.accounts.services.members import add_member, change_role
from apps.accounts.services.sessions import end_sessions_for_good
from apps.core.access import Capability
from apps.core.rest.views import organization_required
from apps.core.softdelete.admin import SoftDeleteAdmin, access_of

ROLE_COLORS = {
    Role.OWNER.label: "danger",
    Role.ADMIN.label: "warning",
    Role.ORGANIZER.label: "info",
    Role.TALLY_MASTER.label: "info",
    Role.AUDITOR.label: "info",
}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, SoftDeleteAdmin):  # type: ignore[misc,type-arg]
    """Everybody who signs in; for the platform's staff only."""

    capability = Capability.OPERATE
    form = UserForm
    add_form = NewUserForm
    change_password_form = NewPasswordForm
    list_display = ["email", "full_name", "organizations", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "full_name"]
    ordering = ["email"]
    filter_horizontal = []
    readonly_fields = ["created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["email", "full_name", "password"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("History", {"fields": ["created_at", "updated_at"]}),
    ]
    add_fieldsets: Any = [
        (None, {"classes": ["wide"], "fields": ["email", "full_name", "usable_password", "password1", "password2"]})
    ]

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return access_of(request).allows(Capability.OPERATE, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        live = models.Q(memberships__deleted_at__isnull=True, memberships__organization__deleted_at__isnull=True)
        users: models.QuerySet[User] = super().get_queryset(request)
        return users.annotate(organization_count=models.Count("memberships", filter=live))

    @admin.display(description="Organizations", ordering="organization_count")
    def organizations(self, user: Any) -> int:
        """In how many they are a member."""
        count: int = user.organization_count
        return count

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            end_sessions_for_good(user_ids=[obj.pk])


@admin.register(Membership)
class MembershipAdmin(SoftDeleteAdmin):
    """The members of the organization acted in."""

    capability = Capability.MANAGE_PEOPLE
    form = MembershipForm
    list_display = ["person", "email", "role_badge", "organization", "created_at"]
    list_filter = ["role"]
    search_fields = ["user__email", "user__full_name"]
    list_select_related = ["user", "organization"]
    readonly_fields = ["user", "organization", "created_at"]

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return access_of(request).allows(Capability.MANAGE_PEOPLE, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).organization_id is not None and super().has_add_permission(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        members: models.QuerySet[Membership] = super().get_queryset(request)
        acting_in = access_of(request).organization_id
        return members if acting_in is None else members.filter(organization_id=acting_in)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewMembershipForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["email", "full_name", "role"] if obj is None else ["user", "organization", "role", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else self.readonly_fields

    @admin.display(description="Person", ordering="user__full_name")
    def person(self, membership: Membership) -> str:
        """Their name, else their address."""
        return str(membership.user)

    @admin.display(description="Email", ordering="user__email")
    def email(self, membership: Membership) -> str:
        """Their address."""
        return membership.user.email

    @display(description="Role", ordering="role", label=ROLE_COLORS)  # type: ignore[untyped-decorator]
    def role_badge(self, membership: Membership) -> str:
        """Their role, as a badge."""
        return membership.get_role_display()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Through the services, which keep to the rules about owners."""
        access = access_of(request)
        if change:
            stored = Membership.objects.select_related("organization").get(pk=obj.pk)
            change_role(membership=stored, role=Role(obj.role), by=access)
            return
        made = add_member(
            organization_id=organization_required(access), role=Role(obj.role), by=access, **form.person()
        )
        obj.pk, obj.organization_id, obj.user_id = made.pk, made.organization_id, made.user_id
