"""What came of handing over a letter, from what the server said (RFC 5321, section 4.2; RFC 3463)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")
PERMANENT = 500
# Our user name or password is wrong or missing: that is for an operator to mend, and no fault of the letter.
OUR_ACCESS_IS_BROKEN = frozenset({530, 534, 535, 538})
ADDRESS, MAILBOX, OTHER = "1", "2", "0"
LONGEST_DETAIL = 300
# Servers quote the address that they refuse; it belongs into the column that an erasure empties, and nowhere else.
AN_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


class Outcome(StrEnum):
    """What follows from an attempt."""

    ACCEPTED = "accepted"  # 250: the server has it, and is responsible for it
    LATER = "later"  # tried, and worth another attempt
    UNCERTAIN = "uncertain"  # the connection broke while the server had it: it may have been accepted
    NOT_TRIED = "not_tried"  # nobody was asked: the circuit is open, or too much is under way
    REFUSED = "refused"  # for good
    BAD_ADDRESS = "bad_address"  # for good, and so will be every other letter to it


@dataclass(frozen=True, slots=True)
class Receipt:
    """`code` is SMTP's, `detail` what it said, without addresses; `retry_after` is in seconds, where it is known."""

    outcome: Outcome
    account: str = ""
    code: int | None = None
    detail: str = ""
    retry_after: float | None = None


class Answer(NamedTuple):
    """What a server said, and to which command."""

    code: int
    text: str
    to_recipient: bool


def answer_in(error: BaseException) -> Answer | None:
    """The server's answer that an exception of smtplib carries, told by its attributes; None where there was none."""
    refused = getattr(error, "recipients", None)
    if isinstance(refused, Mapping) and refused:
        code, said = next(iter(refused.values()))
        return Answer(int(code), _text(said), to_recipient=True)
    code = getattr(error, "smtp_code", None)
    # -1 is smtplib's own, for what it could not read
    if not isinstance(code, int) or code < 0:
        return None
    return Answer(code, _text(getattr(error, "smtp_error", "")), to_recipient=False)


def receipt_of(error: BaseException, *, account: str, is_connected: bool, was_handed_over: bool) -> Receipt:
    """Judge a failed attempt.

    Args:
        is_connected: whether the server had let us in; what it refuses before that is about us.
        was_handed_over: whether it had begun to take the letter itself.
    """
    answer = answer_in(error)
    if answer is None:
        if isinstance(error, ValueError):
            return Receipt(Outcome.REFUSED, account, None, "This letter can't be written as mail.")
        outcome = Outcome.UNCERTAIN if was_handed_over else Outcome.LATER
        said = "The connection broke while the server had it: it may have arrived." if was_handed_over else ""
        return Receipt(outcome, account, None, said or f"{type(error).__name__}: no answer.")
    receipt = Receipt(Outcome.LATER, account, answer.code, answer.text)
    if answer.code < PERMANENT or answer.code in OUR_ACCESS_IS_BROKEN or not is_connected:
        return receipt
    return replace(receipt, outcome=Outcome.BAD_ADDRESS if _is_about_address(answer) else Outcome.REFUSED)


def _is_about_address(answer: Answer) -> bool:
    """Whether the address is at fault.

    A server that lets nobody relay, or finds us suspicious, says 550 to every recipient (5.7.x): nobody's address is
    to be given up for that.
    """
    enhanced = ENHANCED.match(answer.text)
    if enhanced is None:
        return answer.to_recipient
    subject = enhanced[2]
    return subject == ADDRESS or (answer.to_recipient and subject in {OTHER, MAILBOX})


def _text(said: object) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return AN_ADDRESS.sub("<…>", " ".join(text.replace("\x00", " ").split()))[:LONGEST_DETAIL]
