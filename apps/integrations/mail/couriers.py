"""Takes letters to a mail server, behind the server's policy; to the second one where the first can't take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import get_connection

from apps.integrations.mail.letters import Letter
from apps.integrations.mail.metrics import LETTERS
from apps.integrations.mail.receipts import Outcome, Receipt, receipt_of
from apps.resilience import RetryConfig, policy
from apps.resilience.errors import ResilienceError

ONE_ATTEMPT = RetryConfig(attempts=1)  # a letter's row is what comes back
LETTERS_A_CONNECTION = 50
"""Servers hang up on those who stay too long."""
WORTH_ANOTHER_SERVER = frozenset({Outcome.LATER, Outcome.NOT_TRIED})


class Courier:
    """Keeps its connections for several letters: `with Courier() as courier: courier.deliver(letter)`."""

    def __init__(self) -> None:
        accounts: Sequence[Mapping[str, Any]] = settings.MAIL["ACCOUNTS"]
        self._lines = [_Line(account) for account in accounts]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._lines:
            line.close()

    def deliver(self, letter: Letter) -> Receipt:
        """Hand it to the first server that takes it.

        Another server is asked only where it is certain that the one before has not taken the letter.
        """
        receipts = []
        for line in self._lines:
            receipts.append(line.deliver(letter))
            LETTERS.labels(line.service, receipts[-1].outcome).inc()
            if receipts[-1].outcome not in WORTH_ANOTHER_SERVER:
                return receipts[-1]
        tried = [receipt for receipt in receipts if receipt.outcome is Outcome.LATER]
        return tried[0] if tried else min(receipts, key=lambda receipt: receipt.retry_after or 0.0)


class _Line:
    """One account, and the connection to its server while there is one."""

    def __init__(self, account: Mapping[str, Any]) -> None:
        self.service: str = account["service"]
        self._account = account
        self._backend: Any = None
        self._letters = 0

    def deliver(self, letter: Letter) -> Receipt:
        is_connected = was_handed_over = False

        def hand_over() -> None:
            nonlocal is_connected, was_handed_over
            backend = self._open()
            is_connected = True
            try:
                backend.send_messages([letter.as_message()])
            except BaseException:
                was_handed_over = getattr(backend, "was_handed_over", False)
                raise

        try:
            policy(self.service).with_options(retry=ONE_ATTEMPT).call(hand_over)
        except ResilienceError as refusal:
            self.close()
            if refusal.__cause__ is None:
                return Receipt(Outcome.NOT_TRIED, self.service, None, str(refusal), refusal.retry_after)
            failure: BaseException = refusal.__cause__
        except (OSError, ValueError) as error:
            self.close()
            failure = error
        else:
            return Receipt(Outcome.ACCEPTED, self.service)
        return receipt_of(failure, account=self.service, is_connected=is_connected, was_handed_over=was_handed_over)

    def close(self) -> None:
        """Hang up; whatever the server still says to that, its answer to the letter stands."""
        backend, self._backend, self._letters = self._backend, None, 0
        if backend is not None:
            with suppress(OSError):
                backend.close()

    def _open(self) -> Any:
        if self._letters >= LETTERS_A_CONNECTION:
            self.close()
        if self._backend is None:
            self._backend = get_connection(self._account["backend"], **self._account["options"])
        self._backend.open()
        self._letters += 1
        return self._backend
