"""Whom a mail would reach, before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower

from apps.notifications.enums import MailTopic, OutOfReach
from apps.notifications.models import SuppressedAddress
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.writing import who_want


def out_of_reach(
    recipients: Sequence[Recipient], *, organization_id: UUID | None, topic: MailTopic
) -> dict[Recipient, OutOfReach]:
    """Those of `recipients` whom mails of this topic don't reach now, and why."""
    wanting = {one.address.lower() for one in who_want(recipients, organization_id, topic)}
    listed = SuppressedAddress.of_all_organizations.annotate(lower=Lower("address")).filter(lower__in=wanting)
    own = Q(organization__isnull=True) if organization_id is None else Q(organization_id=organization_id)
    bounced = set(listed.filter(own).values_list("lower", flat=True))
    found: dict[Recipient, OutOfReach] = {}
    for one in recipients:
        if not one.address:
            found[one] = OutOfReach.NO_ADDRESS
        elif one.address.lower() not in wanting:
            found[one] = OutOfReach.WANTS_NONE
        elif one.address.lower() in bounced:
            found[one] = OutOfReach.BOUNCED
    return found
