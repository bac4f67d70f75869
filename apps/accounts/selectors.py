"""Reads about people: who calls, and in which organization."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.accounts.policies import USES_ADMIN, MemberAccess, NobodyAccess, OperatorAccess
from apps.core.access import Access
from apps.core.errors import FieldError, MalformedRequest, NotFound

HEADER = "X-Organization"
SESSION_KEY = "podium_organization"


class OrganizationAmbiguous(MalformedRequest):
    """The caller belongs to several organizations and did not say which one is meant."""

    code = "ORGANIZATION_REQUIRED"


def access_for(user: User | AnonymousUser, slug: str | None) -> Access:
    """The caller's access in the organization named by `slug`, or in the only one it belongs to.

    Raises:
        NotFound: `slug` is not one of the caller's organizations (whether or not it exists).
        OrganizationAmbiguous: no slug, and more than one organization.
    """
    if not isinstance(user, User) or not user.is_active:
        return NobodyAccess()
    if user.is_staff:
        return _operator(user, slug)
    memberships = list(
        Membership.objects.filter(user=user, organization__deleted_at__isnull=True).select_related(
            "organization"
        )
    )
    if slug:
        chosen = [m for m in memberships if m.organization.slug == slug]
        if not chosen:
            raise NotFound(f"You belong to no organization {slug!r}.")
    else:
        chosen = memberships
    if len(chosen) > 1:
        slugs = ", ".join(sorted(m.organization.slug for m in chosen))
        detail = f"Say which organization is meant: {slugs}."
        raise OrganizationAmbiguous(detail, errors=[FieldError(HEADER, "REQUIRED", detail)])
    if not chosen:
        return NobodyAccess(user_id=user.pk)
    return MemberAccess(user.pk, chosen[0].organization_id, Role(chosen[0].role))


def _operator(user: User, slug: str | None) -> Access:
    if not slug:
        only = list(Organization.objects.values_list("pk", flat=True)[:2])
        return OperatorAccess(user.pk, only[0] if len(only) == 1 else None)
    organization_id = Organization.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if organization_id is None:
        raise NotFound(f"There is no organization {slug!r}.")
    return OperatorAccess(user.pk, organization_id)


def access_for_admin(request: HttpRequest) -> Access:
    """The admin's caller: platform staff on everything, others in the organization chosen in their session."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return NobodyAccess()
    if user.is_staff:
        return OperatorAccess(user.pk)
    memberships = list(
        Membership.objects.filter(user=user, role__in=USES_ADMIN, organization__deleted_at__isnull=True)
        .select_related("organization")
        .order_by("organization__name")
    )
    wanted = request.session.get(SESSION_KEY)
    chosen = next((m for m in memberships if m.organization.slug == wanted), None) or next(
        iter(memberships), None
    )
    if chosen is None:
        return NobodyAccess(user_id=user.pk)
    return MemberAccess(user.pk, chosen.organization_id, Role(chosen.role))
