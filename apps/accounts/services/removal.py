"""What accounts does when people, memberships and organizations are deleted. Registered as hooks of soft delete."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.accounts.policies import may_change_member
from apps.accounts.selectors import access_in
from apps.accounts.services.sessions import end_sessions_for_good
from apps.core.erasure.hooks import ErasedPerson
from apps.core.softdelete.hooks import Affected, Objection


def object_to_ownerless(affected: Affected) -> Sequence[Objection]:
    """An organization that stays keeps an owner. The database holds to it too (`membership_owner_stays`)."""
    going = affected.rows(Membership).filter(role=Role.OWNER)
    left = set(going.values_list("organization_id", flat=True))
    if not left:
        return []
    left -= set(affected.rows(Organization).filter(pk__in=left).values_list("pk", flat=True))
    owned = (
        Membership.objects.filter(organization_id__in=left, role=Role.OWNER)
        .exclude(pk__in=going.values("pk"))
        .values_list("organization_id", flat=True)
    )
    ownerless = Organization.objects.filter(pk__in=left - set(owned))
    return [
        Objection(
            code="LAST_OWNER",
            detail=f"{organization.name} would be left without an owner. Make somebody else an owner first.",
            model="accounts.organization",
            ids=(organization.pk,),
        )
        for organization in ownerless
    ]


def object_to_restoring_people(affected: Affected) -> Sequence[Objection]:
    """An owner comes back by who could make one today, and an organization not without its owners."""
    owners = affected.rows(Membership).filter(role=Role.OWNER)
    if affected.organization_id is not None:
        return _unauthorised(affected, owners, affected.organization_id)
    back = owners.filter(organization__in=affected.rows(Organization))
    owned = set(back.filter(user__deleted_at__isnull=True).values_list("organization_id", flat=True))
    return [
        Objection(
            code="OWNER_DELETED",
            detail=f"{owner.organization.name} would have no owner: {owner.user} is deleted. Restore them first.",
            model="accounts.user",
            ids=(owner.user_id,),
        )
        for owner in back.exclude(organization__in=owned).select_related("organization", "user")
    ]


def _unauthorised(affected: Affected, owners: QuerySet[Membership], organization_id: UUID) -> list[Objection]:
    actor = User.objects.filter(pk=affected.actor_id).first() if affected.actor_id else None
    if actor is None or may_change_member(access_in(actor, organization_id), None, Role.OWNER):
        return []  # without an actor it is the platform's own code
    detail = "Only an owner makes, changes or removes owners, and brings them back."
    return [Objection("OWNER_NEEDED", detail, "accounts.membership", (owner.pk,)) for owner in owners]


def end_sessions_of_deleted(affected: Affected) -> None:
    """A deleted person's sessions end at once, and stay ended when they are restored."""
    end_sessions_for_good(user_ids=list(affected.rows(User).values_list("pk", flat=True)))


def forget_sessions_of_erased(person: ErasedPerson) -> None:
    """An erased person's sessions go with the names of their devices, and so do all tokens."""
    TokenFamily.objects.filter(user_id=person.user_id).delete()
    OutstandingToken.objects.filter(user_id=person.user_id).delete()


def retention_days_of(organization_id: UUID) -> int | None:
    """How long an organization keeps what it deleted, deleted organizations included."""
    days: int | None = (
        Organization.all_objects.filter(pk=organization_id).values_list("retention_days", flat=True).first()
    )
    return days
