"""Tells the keepers of a recycle bin what goes for good soon, while it can still be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core import clock
from apps.core.correlation.context import current_correlation_id
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.selectors import name_of
from apps.notifications.enums import MailKind
from apps.notifications.models import PurgeNotice
from apps.notifications.services.email.hooks import Draft
from apps.notifications.services.email.rules import members, operators
from apps.notifications.services.email.wording import Due, words_of_purges
from apps.notifications.services.email.writing import write_mails

AHEAD = timedelta(days=7)
# What was deleted today is fresh in everybody's mind: with a short retention the notice comes a day later.
SETTLED = timedelta(days=1)
AT_ONCE = 2000
ONE_AT_A_TIME = "warning of purges"


@transaction.atomic
def warn_of_purges() -> int:
    """Write one mail for each organization with everything that has come within a week of its purge.

    Deleted organizations and people are told to the operators: who could bring them back went with them. What such an
    organization had deleted before is told once it is back.

    Returns:
        how many deletions were told of. Each is told of once, whatever happens between.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [ONE_AT_A_TIME])
    near = list(_near())
    PurgeNotice.objects.bulk_create(PurgeNotice(deletion_id=deletion.pk) for deletion in near)
    drafts = []
    for organization_id, theirs in groupby(near, key=lambda deletion: deletion.organization_id):
        organization: Organization | None = Organization.objects.filter(pk=organization_id).first()
        drafts.append(_draft(organization, list(theirs)))
    write_mails(drafts)
    return len(near)


def _near() -> QuerySet[Deletion]:
    now = clock.now()
    told = PurgeNotice.objects.filter(deletion_id=OuterRef("pk"))
    theirs = Organization.objects.filter(pk=OuterRef("organization_id"))
    waiting = Deletion.of_all_organizations.filter(
        Exists(theirs) | Q(organization_id__isnull=True),
        ~Exists(told),
        state=DeletionState.DELETED,
        legal_hold=False,
        expires_at__gt=now,
        expires_at__lte=now + AHEAD,
        created_at__lte=now - SETTLED,
    )
    return waiting.order_by("organization_id", "expires_at", "pk")[:AT_ONCE]


def _draft(organization: Organization | None, deletions: Sequence[Deletion]) -> Draft:
    due = [
        Due(_label(deletion), name_of(deletion.root_model, 1), deletion.expires_at, deletion.pk)
        for deletion in deletions
        if deletion.expires_at is not None
    ]
    return Draft(
        kind=MailKind.PURGE_NEAR,
        organization_id=organization.pk if organization else None,
        message_id=deletions[0].pk,
        recipients=members(organization.pk, [Role.OWNER, Role.ADMIN]) if organization else operators(),
        words=words_of_purges(organization.slug if organization else None, due),
        correlation_id=current_correlation_id(),
    )


def _label(deletion: Deletion) -> str:
    """What was deleted is called, where that names nobody."""
    impersonal: tuple[str, ...] = getattr(model_of(deletion.root_model), "impersonal_fields", ())
    return deletion.root_label if "name" in impersonal else ""
