"""Django's backends with what they lack: patience at the end of a letter, and one file a letter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

UNTIL_ACCEPTED = 60.0
"""Seconds that a server may take over a letter itself. RFC 5321, section 4.5.3.2, grants minutes: who hangs up here
leaves a letter that was accepted and is sent again."""


class SmtpBackend(EmailBackend):
    """SMTP. `was_handed_over` says whether the server was being given a letter when the connection broke."""

    @property
    def connection_class(self) -> Any:
        usual: Any = super().connection_class
        return _patient(usual)

    @property
    def was_handed_over(self) -> bool:
        return bool(getattr(self.connection, "is_handing_over", False))


@cache
def _patient(kind: Any) -> Any:
    class Patient(kind):  # type: ignore[misc]  # whichever connection Django has chosen
        is_handing_over = False

        def data(self, msg: Any) -> Any:
            usual = self.sock.gettimeout()
            self.sock.settimeout(UNTIL_ACCEPTED)
            self.is_handing_over = True
            answer = super().data(msg)  # raises when the connection breaks, and leaves the mark
            self.is_handing_over = False
            if self.sock is not None:
                self.sock.settimeout(usual)
            return answer

    return Patient


class FolderBackend(BaseEmailBackend):
    """Writes each letter to `folder` as `<Message-ID>.eml`, which every mail program opens. For `make run`."""

    def __init__(self, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = message.extra_headers["Message-ID"].strip("<>")
            (self.folder / f"{name}.eml").write_bytes(message.message().as_bytes())
        return len(email_messages)
