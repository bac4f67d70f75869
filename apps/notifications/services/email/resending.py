"""What admins do about mails: send one again, give an address another chance."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.core import clock
from apps.core.erasure.rows import NOBODY
from apps.notifications.enums import ON_ITS_WAY, MailState, MailTopic, OutOfReach
from apps.notifications.errors import MailUnderWay, NotReached, WordsGone
from apps.notifications.models import EmailMessage, SuppressedAddress
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.reaching import out_of_reach
from apps.notifications.services.email.waking import wake_sender

REASONS = {
    OutOfReach.NO_ADDRESS: "This mail has no address.",
    OutOfReach.WANTS_NONE: "Whoever has this address wants no such mails.",
    OutOfReach.BOUNCED: "This address refused mail before. Clear it among the suppressed addresses first.",
}


@transaction.atomic
def resend(*, mail_id: UUID) -> EmailMessage:
    """Put a finished mail into the queue again, with all its attempts before it.

    One that had arrived becomes another copy with a `Message-ID` of its own, or mail programs would hide it.

    Raises:
        MailUnderWay: it is queued.
        WordsGone: what it said is erased, with a person or with age.
        NotReached: the address is suppressed, or wants no such mails.
    """
    mail: EmailMessage = EmailMessage.objects.select_for_update(of=("self",)).get(pk=mail_id)
    if mail.state in ON_ITS_WAY:
        raise MailUnderWay("This mail is queued: it will be sent anyway.")
    if not mail.text or mail.recipient.endswith(f"@{NOBODY}"):
        raise WordsGone("What this mail said has been erased.")
    reader = Recipient(mail.recipient, mail.user_id)
    why = out_of_reach([reader], organization_id=mail.organization_id, topic=MailTopic(mail.topic))
    if why:
        raise NotReached(REASONS[why[reader]])
    mail.copy += mail.state == MailState.SENT
    mail.state, mail.attempts = MailState.QUEUED, 0
    mail.next_attempt_at, mail.finished_at = clock.now(), None
    mail.save(update_fields=["copy", "state", "attempts", "next_attempt_at", "finished_at"])
    wake_sender()
    return mail


@transaction.atomic
def clear_address(*, address: SuppressedAddress) -> None:
    """Let an address have mail again. What was held back is not sent by itself: see `resend`."""
    address.delete()
