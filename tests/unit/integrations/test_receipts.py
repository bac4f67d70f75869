"""What a mail server's answer means, and for whom."""

from __future__ import annotations

import smtplib

import pytest

from apps.integrations.mail.receipts import Outcome, Receipt, receipt_of

REFUSED_RCPT = smtplib.SMTPRecipientsRefused


def judge(error: Exception, *, is_connected: bool = True, was_handed_over: bool = False) -> Receipt:
    return receipt_of(error, account="email", is_connected=is_connected, was_handed_over=was_handed_over)


@pytest.mark.parametrize(
    ("code", "text", "outcome"),
    [
        (450, b"4.2.0 Greylisted", Outcome.LATER),
        (421, b"Closing", Outcome.LATER),
        (550, b"No such user", Outcome.BAD_ADDRESS),
        (550, b"5.1.1 No such user", Outcome.BAD_ADDRESS),
        (553, b"5.1.3 Bad syntax", Outcome.BAD_ADDRESS),
        (552, b"5.2.2 Full", Outcome.BAD_ADDRESS),
        (550, b"5.7.1 Relaying denied", Outcome.REFUSED),
        (554, b"5.7.25 No reverse name", Outcome.REFUSED),
        (530, b"5.7.0 Authenticate first", Outcome.LATER),
    ],
)
def test_an_answer_about_a_recipient(code: int, text: bytes, outcome: Outcome) -> None:
    receipt = judge(REFUSED_RCPT({"ann@example.org": (code, text)}))

    assert receipt == Receipt(outcome, "email", code, text.decode())


@pytest.mark.parametrize(
    ("error", "is_connected", "outcome"),
    [
        (smtplib.SMTPDataError(554, b"5.6.0 Not a letter"), True, Outcome.REFUSED),
        (smtplib.SMTPDataError(550, b"Spam"), True, Outcome.REFUSED),
        (smtplib.SMTPDataError(550, b"5.1.1 No such user"), True, Outcome.BAD_ADDRESS),
        (smtplib.SMTPDataError(452, b"4.3.1 Full"), True, Outcome.LATER),
        (smtplib.SMTPSenderRefused(550, b"5.7.1 Not you", "podium@example.org"), True, Outcome.REFUSED),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 Wrong password"), False, Outcome.LATER),
        (smtplib.SMTPConnectError(554, b"No service"), False, Outcome.LATER),
        (smtplib.SMTPConnectError(-1, b"Unreadable"), False, Outcome.LATER),
        (ConnectionRefusedError(), False, Outcome.LATER),
        (TimeoutError(), True, Outcome.LATER),
        (ValueError("a header with a line break"), True, Outcome.REFUSED),
    ],
)
def test_an_answer_about_anything_else(error: Exception, is_connected: bool, outcome: Outcome) -> None:
    assert judge(error, is_connected=is_connected).outcome is outcome


def test_a_connection_that_breaks_while_the_server_has_the_letter_leaves_it_open() -> None:
    lost = smtplib.SMTPServerDisconnected("closed")

    assert judge(lost, was_handed_over=True).outcome is Outcome.UNCERTAIN
    assert judge(lost, was_handed_over=False).outcome is Outcome.LATER


def test_an_answer_is_kept_without_addresses_and_in_one_line() -> None:
    said = b"5.1.1 <Ann.O'Hara@example.org>: no such user\r\nask postmaster@example.org\x00" + b"!" * 500

    receipt = judge(REFUSED_RCPT({"ann@example.org": (550, said)}))

    assert receipt.detail == ("5.1.1 <…>: no such user ask <…> " + "!" * 500)[:300]
