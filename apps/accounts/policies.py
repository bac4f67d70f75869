"""Who may do what: one table, readable at a glance. What is not in it is not allowed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from apps.accounts.enums import Role
from apps.accounts.models import Membership, User
from apps.core.access import Access
from apps.core.access import Capability as May

ALL = frozenset(May) - {May.OPERATE}

ALLOWED: dict[Role, frozenset[May]] = {
    Role.OWNER: ALL,
    Role.ADMIN: ALL - {May.OWN, May.PURGE, May.VOID},
    Role.ORGANIZER: frozenset({May.VIEW, May.ORGANIZE, May.SIGN, May.PUBLISH}),
    Role.TALLY_MASTER: frozenset({May.VIEW, May.MARK, May.READ_MARKS, May.TALLY, May.SIGN}),
    Role.AUDITOR: frozenset({May.VIEW, May.READ_MARKS, May.SIGN, May.AUDIT}),
    Role.JUDGE: frozenset({May.VIEW, May.MARK}),
    Role.DATA_SCIENTIST: frozenset({May.VIEW, May.MANAGE_DATA}),
    Role.VIEWER: frozenset({May.VIEW}),
}

USES_ADMIN = frozenset({Role.OWNER, Role.ADMIN, Role.ORGANIZER, Role.TALLY_MASTER, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """A person in one organization, by role; `role` None is an outsider."""

    user_id: UUID
    organization_id: UUID
    role: Role | None

    def allows(self, capability: May, obj: object | None = None) -> bool:
        """By the table, and never to another organization's rows."""
        if obj is not None and getattr(obj, "organization_id", self.organization_id) != self.organization_id:
            return False
        return self.role is not None and capability in ALLOWED[self.role]


@dataclass(frozen=True, slots=True)
class OperatorAccess:
    """Platform staff: everything, in every organization (`organization_id` narrows what they look at)."""

    user_id: UUID
    organization_id: UUID | None = None

    def allows(self, capability: May, obj: object | None = None) -> bool:
        """Always."""
        del capability, obj
        return True


@dataclass(frozen=True, slots=True)
class NobodyAccess:
    """Nobody has signed in, or belongs to no organization."""

    user_id: UUID | None = None
    organization_id: UUID | None = None

    def allows(self, capability: May, obj: object | None = None) -> bool:
        """Never."""
        del capability, obj
        return False


def role_of(access: Access) -> Role | None:
    """In which role somebody acts; None for outsiders, and for those who act in none."""
    return access.role if isinstance(access, MemberAccess) else None


def may_change_member(access: Access, old: Role | None, new: Role | None) -> bool:
    """Who manages people gives and takes roles; only owners and the platform's staff make or change an owner.

    `old` None is somebody new, `new` None a removal.
    """
    if not access.allows(May.MANAGE_PEOPLE):
        return False
    return Role.OWNER not in {old, new} or access.allows(May.OWN)


def may_use_admin(user: User | AnonymousUser) -> bool:
    """Platform staff, and members whose role organizes or oversees."""
    if not isinstance(user, User) or not user.is_active or user.is_deleted:
        return False
    return user.is_staff or Membership.objects.filter(user=user, role__in=USES_ADMIN).exists()
