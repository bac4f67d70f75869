"""A letter as it leaves: the same bytes at each attempt, so that whoever got it twice can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives

LONGEST_LINE = 998
"""RFC 5322, section 2.1.1. Some receivers lose a Message-ID that was folded."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address. `message_id` has no angle brackets; `headers` come beside the usual ones."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    written_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_message(self) -> EmailMultiAlternatives:
        """In Django's form.

        Raises:
            ValueError: a header has a line break, or an address can't be written.
        """
        headers = {
            "Message-ID": f"<{self.message_id}>",
            "Date": format_datetime(self.written_at),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers, please
            **self.headers,
        }
        message = _Repeatable(self.subject, self.text, self.sender, [self.recipient], headers=headers)
        message.attach_alternative(self.html, "text/html")
        return message


class _Repeatable(EmailMultiAlternatives):
    """Its parts are divided by the Message-ID, and not by chance; and no id or link is broken into two lines."""

    def message(self, *args: Any, **kwargs: Any) -> Any:
        made = super().message(*args, **kwargs)
        made.set_boundary(f"=_{self.extra_headers['Message-ID'].strip('<>').partition('@')[0]}")
        made.policy = made.policy.clone(max_line_length=LONGEST_LINE)
        return made
