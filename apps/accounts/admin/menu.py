"""What the admin's frame says about the person who has signed in (django-unfold's settings name these functions)."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.selectors import admin_organizations, organization_of
from apps.core.access import Access, Capability

TAGLINE = "Events that are judged"


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """The links of the account's menu; the switcher for those who have a choice."""
    links = [{"title": "Change password", "link": reverse("admin:password_change")}]
    user = request.user
    if isinstance(user, User) and (user.is_staff or len(admin_organizations(user)) > 1):
        links.insert(0, {"title": "Switch organization", "link": reverse("admin:accounts_organization_switch")})
    return links


def acting_in(request: HttpRequest) -> str:
    """The organization acted in, below the platform's name."""
    access: Access | None = getattr(request, "access", None)
    organization = organization_of(access) if access is not None and access.organization_id else None
    if organization is not None:
        return organization.name
    return "All organizations" if operates(request) else TAGLINE


def manages_people(request: HttpRequest) -> bool:
    """Whether the menu shows the members."""
    return _may(request, Capability.MANAGE_PEOPLE)


def sees_webhooks(request: HttpRequest) -> bool:
    """Whether the menu shows webhooks."""
    return _may(request, Capability.MANAGE_WEBHOOKS)


def keeps_the_bin(request: HttpRequest) -> bool:
    """Whether the menu shows the recycle bin."""
    return _may(request, Capability.RECYCLE)


def operates(request: HttpRequest) -> bool:
    """Whether the menu shows what is the platform's."""
    return _may(request, Capability.OPERATE)


def _may(request: HttpRequest, capability: Capability) -> bool:
    access: Access | None = getattr(request, "access", None)
    return access is not None and access.allows(capability)
