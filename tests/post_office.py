"""A real SMTP server in a thread of its own, which answers as a test wants and remembers what it has accepted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax


@dataclass(frozen=True)
class Delivered:
    """A letter that was answered with 250, as it came in."""

    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """Parsed."""
        parsed: EmailMessage = message_from_bytes(self.content, policy=policy.default)  # type: ignore[assignment]
        return parsed

    @property
    def message_id(self) -> str:
        """Its `Message-ID`."""
        return str(self.message["Message-ID"])

    def body(self, kind: str) -> str:
        """The text of one of its two forms, `plain` or `html`."""
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class PostOffice:
    """`answers` replaces the 250 to a command: `{"RCPT": "550 5.1.1 No such user"}`.

    `breaks` cuts the connection off: in the `middle` of a letter, or at its `end`, once it was accepted and before
    the answer.
    """

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.answers: dict[str, str] = {}
        self.breaks = ""
        self.connections = 0
        self.loop = asyncio.new_event_loop()
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self.port = 0

    @property
    def url(self) -> str:
        """For `SMTP_URL`."""
        return f"smtp://127.0.0.1:{self.port}"

    def hold(self) -> None:
        """From now on accept letters, and leave the answer open."""
        self.loop.call_soon_threadsafe(self._may_answer.clear)

    def release(self) -> None:
        """Answer what is open, and from now on at once."""
        self.loop.call_soon_threadsafe(self._may_answer.set)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.delivered += [Delivered(recipient, content) for recipient in envelope.rcpt_tos]
        if self.breaks == "end":
            _cut(server)
        await self._may_answer.wait()
        return answer


class _Server(SMTP):
    """aiosmtpd's, which can also hang up in the middle of a letter."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.event_handler.breaks != "middle":
            await super().smtp_DATA(arg)
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.readline()
        _cut(self)


def _cut(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """An SMTP server on a port of the loopback."""
    office = PostOffice()
    loop = office.loop
    started, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await loop.create_server(
            lambda: _Server(office, loop=loop, hostname="mx.example", ident="post"), "127.0.0.1", 0
        )
        office.port = server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await server.wait_closed()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield office
    finally:
        office.release()
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()
