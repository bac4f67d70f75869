"""Organizations, and the choice of the one to act in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.accounts.models import Organization, User
from apps.accounts.selectors import SESSION_KEY, admin_organizations
from apps.core.access import Capability
from apps.core.softdelete.admin import SoftDeleteAdmin, access_of


@admin.register(Organization)
class OrganizationAdmin(SoftDeleteAdmin):
    """The organization acted in; all of them for the platform's staff."""

    capability = Capability.MANAGE_PEOPLE
    list_display = ["name", "slug", "members", "timezone", "retention_days", "created_at"]
    search_fields = ["name", "slug"]
    ordering = ["name"]
    fields = ["name", "slug", "timezone", "retention_days", "created_at", "updated_at"]
    readonly_fields = ["created_at", "updated_at"]
    prepopulated_fields = {"slug": ["name"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).allows(Capability.OPERATE)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return access_of(request).allows(Capability.OWN) and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organization]:
        organizations: models.QuerySet[Organization] = super().get_queryset(request)
        access = access_of(request)
        if not access.allows(Capability.OPERATE):
            organizations = organizations.filter(pk__in=[access.organization_id])
        live = models.Q(memberships__deleted_at__isnull=True)
        return organizations.annotate(member_count=models.Count("memberships", filter=live))

    @admin.display(description="Members", ordering="member_count")
    def members(self, organization: Any) -> int:
        """How many people belong to it."""
        count: int = organization.member_count
        return count

    def get_urls(self) -> list[URLPattern]:
        switch = path("switch/", self.admin_site.admin_view(self.switch), name="accounts_organization_switch")
        return [switch, *super().get_urls()]

    def switch(self, request: HttpRequest) -> HttpResponse:
        """Choose the organization to act in, in the admin and in the browsable API, for this session."""
        user = request.user
        organizations = admin_organizations(user) if isinstance(user, User) else []
        if request.method == "POST":
            return self._choose(request, organizations)
        context = {
            **self.admin_site.each_context(request),
            "title": "Switch organization",
            "opts": self.opts,
            "organizations": organizations,
            "current_id": access_of(request).organization_id,
            "may_choose_all": access_of(request).allows(Capability.OPERATE),
        }
        return TemplateResponse(request, "admin/accounts/organization/switch.html", context)

    def _choose(self, request: HttpRequest, organizations: list[Organization]) -> HttpResponse:
        slug = request.POST.get("organization", "")
        chosen = next((o for o in organizations if o.slug == slug), None)
        if chosen is not None:
            request.session[SESSION_KEY] = chosen.slug
            messages.success(request, f"You now act in {chosen.name}.")
        elif not slug and access_of(request).allows(Capability.OPERATE):
            request.session.pop(SESSION_KEY, None)
            messages.success(request, "You now act in all organizations.")
        else:
            messages.error(request, "You can't act in this organization.")
        return HttpResponseRedirect(reverse("admin:index"))
