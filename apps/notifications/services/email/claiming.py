"""Taking a due mail for sending. A claim is a lease: what a killed worker held is due again by itself."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.core import clock
from apps.core.ids import new_id
from apps.notifications.enums import ON_ITS_WAY, MailState
from apps.notifications.models import EmailMessage, SuppressedAddress

WORKERS_LOST = "Each worker that took it up was killed."


def due_mails() -> QuerySet[EmailMessage]:
    """Whose time has come, in the order of their turn: urgent ones overtake the many that a publication makes."""
    due = EmailMessage.of_all_organizations.filter(state__in=ON_ITS_WAY, next_attempt_at__lte=clock.now())
    return due.order_by("-is_urgent", "next_attempt_at", "id")


def claim_next() -> EmailMessage | None:
    """Take the next mail; None when none is due. Those that can't be sent any more are finished on the way."""
    while True:
        with transaction.atomic():
            mail = due_mails().select_for_update(skip_locked=True).first()
            if mail is None:
                return None
            if _is_suppressed(mail):
                _finish(mail, MailState.SUPPRESSED, "")
            elif mail.attempts >= len(settings.MAIL["RETRY_SCHEDULE"]):
                _finish(mail, MailState.FAILED, WORKERS_LOST)
            else:
                mail.state, mail.lease = MailState.SENDING, new_id()
                mail.attempts += 1
                mail.next_attempt_at = clock.now() + settings.MAIL["LEASE"]
                mail.save(update_fields=["state", "lease", "attempts", "next_attempt_at"])
                return mail


def _is_suppressed(mail: EmailMessage) -> bool:
    known = SuppressedAddress.of_all_organizations.filter(address__iexact=mail.recipient)
    if mail.organization_id is None:
        return known.filter(organization__isnull=True).exists()
    return known.filter(organization_id=mail.organization_id).exists()


def _finish(mail: EmailMessage, state: MailState, why: str) -> None:
    mail.state, mail.lease, mail.next_attempt_at = state, None, None
    mail.finished_at, mail.last_error = clock.now(), why
    mail.save(update_fields=["state", "lease", "next_attempt_at", "finished_at", "last_error"])
