"""Who wants no more mails of a topic says so by a link, or by a switch of their own."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Membership
from apps.notifications.enums import OFF_AT_FIRST, MailTopic
from apps.notifications.models import EmailMessage, MailSwitch, Unsubscription
from apps.notifications.policies import is_optional
from apps.notifications.services.email.retention import cancel_mails


@transaction.atomic
def unsubscribe(*, mail: EmailMessage) -> None:
    """End the mails of this one's topic to its address, and cancel what is on its way. Again changes nothing more."""
    if mail.organization_id is None or not is_optional(mail.topic):
        return
    Unsubscription.of_all_organizations.bulk_create(
        [Unsubscription(organization_id=mail.organization_id, address=mail.recipient, topic=mail.topic)],
        ignore_conflicts=True,
    )
    membership = Membership.objects.filter(organization_id=mail.organization_id, user_id=mail.user_id).first()
    if membership is not None:
        _switch(membership, MailTopic(mail.topic), is_on=False)
    waiting = EmailMessage.of_all_organizations.filter(
        organization_id=mail.organization_id, topic=mail.topic, recipient__iexact=mail.recipient
    )
    cancel_mails(waiting)


@transaction.atomic
def set_switches(*, membership: Membership, switches: Mapping[MailTopic, bool]) -> None:
    """Say which topics a member wants. Switching one on takes an earlier unsubscription back."""
    for topic, is_on in switches.items():
        _switch(membership, topic, is_on=is_on)
    wanted = [topic for topic, is_on in switches.items() if is_on]
    Unsubscription.of_all_organizations.filter(
        organization_id=membership.organization_id, address__iexact=membership.user.email, topic__in=wanted
    ).delete()


def switches_of(membership_id: UUID) -> dict[MailTopic, bool]:
    """Every optional topic, and whether the member gets its mails."""
    chosen = dict(MailSwitch.of_all_organizations.filter(membership_id=membership_id).values_list("topic", "is_on"))
    return {topic: chosen.get(topic, topic not in OFF_AT_FIRST) for topic in MailTopic if is_optional(topic)}


def _switch(membership: Membership, topic: MailTopic, *, is_on: bool) -> None:
    MailSwitch.of_all_organizations.update_or_create(
        membership=membership,
        topic=topic,
        defaults={"is_on": is_on},
        create_defaults={"is_on": is_on, "organization_id": membership.organization_id},
    )
