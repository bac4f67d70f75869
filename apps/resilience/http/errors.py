"""What can go wrong with a request to an address that a user has typed. No message names a resolved address."""

from __future__ import annotations

from apps.core.errors import Invalid


class ForbiddenTarget(Invalid):
    """Podium does not connect there: not public, not https, or not plainly written."""

    code = "FORBIDDEN_TARGET"
    title = "Podium does not connect to this address"


class OutboundFaultError(Exception):
    """The other side could not be reached, or broke off. `code` is stable, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadAnswerError(Exception):
    """The other side answered that it can't: 408, 429 or 5xx. `retry_after` is in seconds, where it was said."""

    def __init__(self, status_code: int, head: bytes, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status_code}")
        self.status_code = status_code
        self.head = head
        self.retry_after = retry_after
