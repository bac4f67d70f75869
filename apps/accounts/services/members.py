"""Who belongs to an organization, and as what. An organization always has an owner."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.accounts.enums import Role
from apps.accounts.errors import LastOwner, OwnerNeeded
from apps.accounts.models import Membership, Organization, User
from apps.accounts.policies import may_change_member
from apps.core.access import Access
from apps.core.outbox.services import emit


@transaction.atomic
def add_member(
    *, organization_id: UUID, email: str, full_name: str = "", role: Role, by: Access | None = None
) -> Membership:
    """Make a person a member; somebody new gets an account without a password.

    Args:
        by: who does it; None for the platform itself.

    Raises:
        OwnerNeeded: `by` may not give this role.
        IntegrityError: the person is a member already (`membership_unique`).
    """
    _require_right(by, None, role)
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email, full_name=full_name)
    membership: Membership = Membership.objects.create(organization_id=organization_id, user=user, role=role)
    _tell("member.added", membership)
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Access) -> Membership:
    """Give a member another role.

    Raises:
        OwnerNeeded: an owner is made or changed by somebody who is none.
        LastOwner: nobody would be left to own the organization.
    """
    _require_right(by, Role(membership.role), role)
    if role is not Role.OWNER:
        require_another_owner(membership=membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _tell("member.role_changed", membership)
    return membership


def require_right_to_remove(*, membership: Membership, by: Access) -> None:
    """Refuse a removal that the caller may not make, or that would leave an organization without an owner.

    Raises:
        OwnerNeeded: an owner is removed by somebody who is none.
        LastOwner: nobody would be left to own the organization.
    """
    if membership.user_id != by.user_id:
        _require_right(by, Role(membership.role), None)
    require_another_owner(membership=membership)


def require_another_owner(*, membership: Membership) -> None:
    """Refuse to let the last owner go. The organization's row is locked: of two who leave at once, one stays.

    Raises:
        LastOwner: there is no other.
    """
    if membership.role != Role.OWNER:
        return
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    others = Membership.objects.filter(
        organization_id=membership.organization_id,
        role=Role.OWNER,
        user__deleted_at__isnull=True,
        user__is_active=True,
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastOwner("Make somebody else an owner first.")


def _require_right(by: Access | None, old: Role | None, new: Role | None) -> None:
    if by is not None and not may_change_member(by, old, new):
        raise OwnerNeeded("Only an owner makes, changes or removes owners.")


def _tell(type: str, membership: Membership) -> None:
    emit(
        type=type,
        subject=f"membership/{membership.pk}",
        organization_id=membership.organization_id,
        data={
            "membership_id": str(membership.pk),
            "user_id": str(membership.user_id),
            "role": str(membership.role),
        },
    )
