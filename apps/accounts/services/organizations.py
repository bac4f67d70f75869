"""The life of an organization."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.core.outbox.services import emit
from apps.core.slugs import save_with_free_slug


@transaction.atomic
def create_organization(
    *,
    name: str,
    owner: User,
    slug: str | None = None,
    timezone: str = "UTC",
    retention_days: int = 30,
) -> Organization:
    """Found an organization with its first owner.

    Args:
        slug: its name in URLs and headers; made from `name` when left out.
    """

    def save(free: str) -> Organization:
        made: Organization = Organization.objects.create(
            name=name, slug=free, timezone=timezone, retention_days=retention_days
        )
        return made

    organization = (
        save(slug)
        if slug
        else save_with_free_slug(save, name=name, fallback="organization", constraint="organization_slug_unique")
    )
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    emit(
        type="organization.created",
        subject=f"organization/{organization.pk}",
        organization_id=organization.pk,
        data={"organization_id": str(organization.pk), "owner_id": str(owner.pk)},
    )
    return organization
