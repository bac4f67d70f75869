"""A round of sending: mail after mail, each claimed, handed over and settled by itself.

Between the server's 250 and the row that says so lies one short transaction. A worker that is killed in it leaves a
mail that was sent and is sent again once the lease is over, with the same bytes under the same Message-ID:
docs/adr/0021-mails-at-least-once.md.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import transaction

from apps.core import clock
from apps.core.correlation.context import correlated, new_correlation
from apps.integrations.mail import Courier, Outcome, Receipt
from apps.notifications.models import EmailMessage
from apps.notifications.services.email.claiming import claim_next, due_mails
from apps.notifications.services.email.letters import letter_of
from apps.notifications.services.email.settling import settle
from apps.notifications.services.email.waking import wake_sender

log = structlog.get_logger("podium.mail")

LONGEST_ROUND = 300.0
"""Seconds after which a round that always finds more hands over to the next."""


def _never() -> bool:
    return False


def send_due_mail(*, is_stopping: Callable[[], bool] = _never) -> int:
    """Send until nothing is due, or until no server can be asked.

    Args:
        is_stopping: whether to take no more.

    Returns:
        how many attempts were made.
    """
    made, over_at = 0, clock.monotonic() + LONGEST_ROUND
    if not due_mails().exists():  # looked up first: most rounds of the safety net have nothing to do
        return made
    with Courier() as courier:
        while not is_stopping():
            if clock.monotonic() >= over_at:
                with transaction.atomic():
                    wake_sender()
                break
            mail = claim_next()
            if mail is None:
                break
            receipt = _send(courier, mail)
            if receipt is not None and receipt.outcome is Outcome.NOT_TRIED:
                break
            made += 1
    return made


def _send(courier: Courier, mail: EmailMessage) -> Receipt | None:
    """Hand one over; None after a fault of ours, whose lease runs out."""
    story = new_correlation(correlation_id=mail.correlation_id or None, traceparent=mail.traceparent or None)
    with correlated(story):
        try:
            receipt = courier.deliver(letter_of(mail))
            is_ours = settle(mail, receipt)
        except Exception:
            log.exception("mail not sent", mail_id=str(mail.pk), kind=mail.kind)
            return None
        say = log.info if receipt.outcome is Outcome.ACCEPTED else log.warning
        say(
            "mail attempt" if is_ours else "mail attempt by a worker that had lost its lease",
            mail_id=str(mail.pk),
            message_id=str(mail.message_id),
            kind=mail.kind,
            outcome=str(receipt.outcome),
            code=receipt.code,
            account=receipt.account,
        )
        return receipt
