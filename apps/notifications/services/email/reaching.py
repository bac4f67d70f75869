"""Whom a mail would reach, before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models.functions import Lower

from apps.notifications.enums import MailTopic, OutOfReach
from apps.notifications.models import SuppressedAddress
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.writing import who_want


def out_of_reach(
    recipients: Sequence[Recipient], *, organization_id: UUID, topic: MailTopic
) -> dict[Recipient, OutOfReach]:
    """Those of `recipients` whom the organization's mails of this topic don't reach now, and why."""
    wanting = {one.address.lower() for one in who_want(recipients, organization_id, topic)}
    suppressed = SuppressedAddress.of_all_organizations.annotate(lower=Lower("address"))
    bounced = set(
        suppressed.filter(organization_id=organization_id, lower__in=wanting).values_list("lower", flat=True)
    )
    found: dict[Recipient, OutOfReach] = {}
    for one in recipients:
        if not one.address:
            found[one] = OutOfReach.NO_ADDRESS
        elif one.address.lower() not in wanting:
            found[one] = OutOfReach.WANTS_NONE
        elif one.address.lower() in bounced:
            found[one] = OutOfReach.BOUNCED
    return found
