"""Writing down what came of an attempt: by whoever still holds the lease, and by nobody else."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.core import clock
from apps.integrations.mail import Outcome, Receipt
from apps.notifications.enums import MailState
from apps.notifications.models import EmailMessage, SuppressedAddress

LEAST_WAIT = 1.0
"""Seconds to wait where nobody could be asked, and nobody knows for how long."""
FINAL = {
    Outcome.ACCEPTED: MailState.SENT,
    Outcome.REFUSED: MailState.FAILED,
    Outcome.BAD_ADDRESS: MailState.BOUNCED,
}


@transaction.atomic
def settle(mail: EmailMessage, receipt: Receipt) -> bool:
    """Write an attempt's result down.

    Returns:
        whether the lease was still ours; if not, whoever has it now writes the result.
    """
    mine = EmailMessage.of_all_organizations.filter(pk=mail.pk, lease=mail.lease, state=MailState.SENDING)
    values: dict[str, Any] = {
        "lease": None,
        "account": receipt.account,
        "last_code": receipt.code,
        "last_error": receipt.detail,
        **_after(mail, receipt),
    }
    if not mine.update(**values):
        return False
    if receipt.outcome is Outcome.BAD_ADDRESS:
        SuppressedAddress.of_all_organizations.bulk_create(
            [
                SuppressedAddress(
                    organization_id=mail.organization_id,
                    address=mail.recipient,
                    code=receipt.code,
                    reason=receipt.detail,
                )
            ],
            ignore_conflicts=True,
        )
    return True


def _after(mail: EmailMessage, receipt: Receipt) -> dict[str, Any]:
    if receipt.outcome is Outcome.NOT_TRIED:
        wait = max(LEAST_WAIT, receipt.retry_after or 0.0)
        return {"state": MailState.QUEUED, "next_attempt_at": _in(wait), "attempts": mail.attempts - 1}
    final = FINAL.get(receipt.outcome)
    schedule = settings.MAIL["RETRY_SCHEDULE"]
    if final is None and mail.attempts < len(schedule):
        return {"state": MailState.QUEUED, "next_attempt_at": _in(schedule[mail.attempts])}
    return {"state": final or MailState.FAILED, "next_attempt_at": None, "finished_at": clock.now()}


def _in(seconds: float) -> datetime:
    spread = 1 + settings.MAIL["RETRY_JITTER"] * random.random()  # noqa: S311 - no secret
    return clock.now() + timedelta(seconds=seconds * spread)
