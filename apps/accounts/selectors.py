"""Reads about people: who calls, and in which organization."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.accounts.policies import USES_ADMIN, MemberAccess, NobodyAccess, OperatorAccess
from apps.core import clock
from apps.core.access import Access, Capability
from apps.core.errors import FieldError, NotFound, OrganizationNotNamed

HEADER = "X-Organization"
SESSION_KEY = "podium_organization"


def memberships_of(user: User) -> QuerySet[Membership]:
    """A person's live memberships in live organizations, by the organization's name."""
    found: QuerySet[Membership] = (
        Membership.objects.filter(user=user, organization__deleted_at__isnull=True)
        .select_related("organization")
        .order_by("organization__name", "id")
    )
    return found


def access_of_request(request: Request) -> Access:
    """Who calls the API: in the organization of the header, else in their only one.

    A person in a browser, who can't send headers, acts in the one chosen in the admin, else in the first by name.
    """
    has_session = isinstance(request.successful_authenticator, SessionAuthentication)
    chosen = request._request.session.get(SESSION_KEY, "") if has_session else None
    return access_for(request.user, request.headers.get(HEADER), preferred=chosen)


def access_for(user: User | AnonymousUser, slug: str | None = None, *, preferred: str | None = None) -> Access:
    """The caller's access in the organization named by `slug`, or in the only one it belongs to.

    `preferred` (None: nothing) is where it would like to act; where that is not possible, it is the first by name.

    Raises:
        NotFound: `slug` is not one of the caller's organizations (whether or not it exists).
        OrganizationNotNamed: no slug, and more than one organization.
    """
    if not isinstance(user, User) or not user.is_active:
        return NobodyAccess()
    if user.is_staff:
        return _operator(user, slug, preferred)
    memberships = list(memberships_of(user))
    chosen = memberships
    if slug:
        chosen = [m for m in memberships if m.organization.slug == slug]
        if not chosen:
            raise NotFound("You belong to no organization of this name.")
    elif preferred is not None:
        chosen = [m for m in memberships if m.organization.slug == preferred] or memberships[:1]
    if len(chosen) > 1:
        slugs = ", ".join(sorted(m.organization.slug for m in chosen))
        detail = f"Say which organization is meant: {slugs}."
        raise OrganizationNotNamed(detail, errors=[FieldError(HEADER, "REQUIRED", detail)])
    if not chosen:
        return NobodyAccess(user_id=user.pk)
    return MemberAccess(user.pk, chosen[0].organization_id, Role(chosen[0].role))


def access_in(user: User | AbstractBaseUser | AnonymousUser, organization_id: UUID) -> Access:
    """Somebody's access in one organization, which they may have nothing to do with."""
    if not isinstance(user, User) or not user.is_active:
        return NobodyAccess(organization_id=organization_id)
    if user.is_staff:
        return OperatorAccess(user.pk, organization_id)
    membership = memberships_of(user).filter(organization_id=organization_id).first()
    return MemberAccess(user.pk, organization_id, Role(membership.role) if membership else None)


def _operator(user: User, slug: str | None, preferred: str | None) -> Access:
    wanted = Organization.objects.filter(slug=slug or preferred or "").values_list("pk", flat=True).first()
    if slug and wanted is None:
        raise NotFound("There is no organization of this name.")
    if wanted is None:
        only = list(Organization.objects.values_list("pk", flat=True)[:2])
        wanted = only[0] if len(only) == 1 else None
    return OperatorAccess(user.pk, wanted)


def admin_memberships(user: User) -> list[Membership]:
    """Where a person may use the admin, by the organization's name."""
    return list(memberships_of(user).filter(role__in=USES_ADMIN))


def admin_organizations(user: User) -> list[Organization]:
    """The organizations that a person can act in through the admin, by name."""
    if user.is_staff:
        return list(Organization.objects.order_by("name", "id"))
    return [membership.organization for membership in admin_memberships(user)]


def access_for_admin(request: HttpRequest) -> Access:
    """The admin's caller, in the organization chosen in their session; platform staff without one on everything."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return NobodyAccess()
    wanted = request.session.get(SESSION_KEY)
    if user.is_staff:
        chosen_by_staff = Organization.objects.filter(slug=wanted).values_list("pk", flat=True).first()
        return OperatorAccess(user.pk, chosen_by_staff)
    memberships = admin_memberships(user)
    chosen = next((m for m in memberships if m.organization.slug == wanted), None) or next(iter(memberships), None)
    if chosen is None:
        return NobodyAccess(user_id=user.pk)
    return MemberAccess(user.pk, chosen.organization_id, Role(chosen.role))


def capabilities_of(access: Access) -> list[str]:
    """What a caller may do, in the order of the enumeration."""
    return [str(capability) for capability in Capability if access.allows(capability)]


def organization_of(access: Access) -> Organization | None:
    """The organization that a caller acts in."""
    organization: Organization | None = Organization.objects.filter(pk=access.organization_id).first()
    return organization


def live_sessions(user: User) -> QuerySet[TokenFamily]:
    """A person's sessions that are still good, newest first."""
    return TokenFamily.objects.filter(user=user, ended_at__isnull=True, expires_at__gt=clock.now())


def members_of(organization_id: UUID | None, *, only_user: UUID | None = None) -> QuerySet[Membership]:
    """An organization's live members (all of the platform's without one), or one person's own membership."""
    found: QuerySet[Membership] = Membership.objects.filter(
        user__deleted_at__isnull=True, organization__deleted_at__isnull=True
    ).select_related("user", "organization")
    if organization_id is not None:
        found = found.filter(organization_id=organization_id)
    if only_user is not None:
        found = found.filter(user_id=only_user)
    return found
