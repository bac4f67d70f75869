"""Drafts become rows: once for each address, and only for those who want them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Lower
from django.template.loader import render_to_string

from apps.accounts.models import Membership, Organization
from apps.notifications.enums import TOPIC_OF, URGENT, MailTopic
from apps.notifications.models import EmailMessage, MailSwitch, Unsubscription
from apps.notifications.policies import is_optional
from apps.notifications.services.email.hooks import Draft, Recipient
from apps.notifications.services.email.waking import wake_sender

COLOUR = "#7c3aed"
A_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
SUBJECT_LENGTH = 300
# Put in as the letter leaves, so that nobody who reads the log can use it.
UNSUBSCRIBE_LINK = "[unsubscribe link]"


def write_mails(drafts: Sequence[Draft]) -> None:
    """Write these mails' rows; of those that were written before, nothing changes."""
    rows = [row for draft in drafts for row in _rows_of(draft)]
    if rows:
        EmailMessage.of_all_organizations.bulk_create(rows, ignore_conflicts=True)
        wake_sender()


def _rows_of(draft: Draft) -> Iterator[EmailMessage]:
    topic = TOPIC_OF[draft.kind]
    everybody = [*draft.recipients, *(_subscribers(draft, topic) if draft.to_subscribers else [])]
    recipients = who_want(everybody, draft.organization_id, topic)
    if not recipients:
        return
    subject = " ".join(draft.words.subject.split())[:SUBJECT_LENGTH]
    text, html = render(draft, subject)
    for recipient in recipients:
        yield EmailMessage(
            organization_id=draft.organization_id,
            message_id=draft.message_id,
            kind=draft.kind,
            topic=topic,
            recipient=recipient.address,
            user_id=recipient.user_id,
            subject=subject,
            text=text,
            html=html,
            is_urgent=topic in URGENT,
            correlation_id=draft.correlation_id,
            traceparent=draft.traceparent,
        )


def render(draft: Draft, subject: str) -> tuple[str, str]:
    """The two forms of a mail, in the organization's name and colour."""
    organization = _organization(draft.organization_id)
    choices = organization.settings if organization and isinstance(organization.settings, dict) else {}
    wanted = str(choices.get("colour", ""))
    context = {
        "subject": subject,
        "paragraphs": draft.words.paragraphs,
        "action": draft.words.action,
        "sender": organization.name if organization else "Podium",
        "colour": wanted if A_COLOUR.fullmatch(wanted) else COLOUR,
        "language": settings.LANGUAGE_CODE,
        "unsubscribe": UNSUBSCRIBE_LINK if organization and is_optional(TOPIC_OF[draft.kind]) else "",
        "is_of_platform": organization is None,
    }
    forms = [
        render_to_string([f"notifications/email/{draft.kind}.{form}", f"notifications/email/letter.{form}"], context)
        for form in ("txt", "html")
    ]
    return forms[0].strip() + "\n", forms[1].strip() + "\n"


def _organization(organization_id: UUID | None) -> Organization | None:
    if organization_id is None:
        return None
    found: Organization | None = Organization.all_objects.filter(pk=organization_id).first()
    return found


def _subscribers(draft: Draft, topic: MailTopic) -> list[Recipient]:
    if draft.organization_id is None:
        return []
    wanting = MailSwitch.of_all_organizations.filter(
        organization_id=draft.organization_id, topic=topic, is_on=True
    ).values("membership_id")
    members = Membership.objects.filter(pk__in=wanting, user__is_active=True, user__deleted_at__isnull=True)
    return [Recipient(address, user_id) for address, user_id in members.values_list("user__email", "user_id")]


def who_want(recipients: Sequence[Recipient], organization_id: UUID | None, topic: MailTopic) -> list[Recipient]:
    """Each address once, in whatever case, without those who want none."""
    by_address = {recipient.address.lower(): recipient for recipient in reversed(recipients) if recipient.address}
    if organization_id is not None and is_optional(topic):
        lower = Unsubscription.of_all_organizations.annotate(lower=Lower("address"))
        silent = set(
            lower.filter(organization_id=organization_id, topic=topic, lower__in=list(by_address)).values_list(
                "lower", flat=True
            )
        )
        off = set(
            MailSwitch.of_all_organizations.filter(
                organization_id=organization_id, topic=topic, is_on=False
            ).values_list("membership__user_id", flat=True)
        )
        by_address = {key: one for key, one in by_address.items() if key not in silent and one.user_id not in off}
    return list(by_address.values())
