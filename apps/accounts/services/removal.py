"""What accounts does when people, memberships and organizations are deleted. Registered as hooks of soft delete."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
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
