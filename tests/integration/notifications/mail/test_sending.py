"""From a row to a real mail server, and what each of its answers leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.ids import new_id
from apps.integrations.mail import Outcome, Receipt
from apps.notifications.enums import MailKind, MailState
from apps.notifications.models import EmailMessage, SuppressedAddress
from apps.notifications.services.email import sending
from apps.notifications.services.email.claiming import WORKERS_LOST, claim_next
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.sending import send_due_mail
from apps.notifications.services.email.settling import settle
from apps.notifications.services.email.writing import write_mails
from apps.resilience import policy, registry
from tests.integration.notifications.mail.conftest import Write, draft_of, fresh, make_due, use
from tests.post_office import PostOffice, post_office

pytestmark = pytest.mark.django_db


def test_a_mail_arrives_in_both_forms_with_its_story(write: Write, office: PostOffice) -> None:
    mail = write("Ann@example.org")

    assert send_due_mail() == 1

    (letter,) = office.delivered
    message = letter.message
    assert letter.recipient == "Ann@example.org"
    assert message["To"] == "Ann@example.org"
    assert message["From"] == "Skating Club <podium@localhost>"
    assert message["Subject"] == "The result is out"
    assert message["X-Correlation-ID"] == "the-story"
    assert message["traceparent"] == mail.traceparent
    assert message["Auto-Submitted"] == "auto-generated"
    assert letter.message_id.startswith(f"<{mail.message_id}.")
    assert letter.message_id.endswith("@localhost>")
    assert message["Date"].datetime == mail.created_at.replace(microsecond=0)
    assert f"\r\nMessage-ID: {letter.message_id}\r\n".encode() in letter.content
    assert "It has been published." in letter.body("plain")
    assert "It has been published." in letter.body("html")
    assert 'href="https://podium.example/"' in letter.body("html")
    sent = fresh(mail)
    assert (sent.state, sent.attempts, sent.account, sent.last_error) == (MailState.SENT, 1, "email", "")
    assert (sent.next_attempt_at, sent.lease, sent.finished_at is not None) == (None, None, True)
    assert send_due_mail() == 0


def test_letters_are_counted_by_server_and_by_what_came_of_them(write: Write, office: PostOffice) -> None:
    def count(outcome: str) -> float:
        labels = {"account": "email", "outcome": outcome}
        return REGISTRY.get_sample_value("mail_letters_total", labels) or 0.0

    accepted, later = count("accepted"), count("later")
    write("one@example.org")
    send_due_mail()
    office.answers["RCPT"] = "450 4.2.0 Greylisted"
    write("two@example.org")
    send_due_mail()

    assert (count("accepted") - accepted, count("later") - later) == (1, 1)


def test_several_mails_share_a_connection(write: Write, office: PostOffice) -> None:
    for number in range(5):
        write(f"person-{number}@example.org")

    assert send_due_mail() == 5

    assert sorted(letter.recipient for letter in office.delivered) == [f"person-{n}@example.org" for n in range(5)]
    assert office.connections == 1


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL", "421 4.3.2 Closing"),
        ("RCPT", "421 4.3.2 Closing"),
        ("RCPT", "450 4.2.0 Greylisted"),
        ("DATA", "451 4.3.0 Later, please"),
        ("DATA", "421 4.3.2 Closing"),
    ],
)
def test_what_may_pass_is_tried_again_and_arrives_once(
    command: str, answer: str, write: Write, office: PostOffice
) -> None:
    mail = write()
    office.answers[command] = answer
    before = clock.now()

    assert send_due_mail() == 1

    waiting = fresh(mail)
    code, said = answer.split(" ", 1)
    assert (waiting.state, waiting.attempts, waiting.lease) == (MailState.QUEUED, 1, None)
    assert (waiting.last_code, waiting.last_error) == (int(code), said)
    assert waiting.next_attempt_at is not None
    assert 10 <= (waiting.next_attempt_at - before).total_seconds() <= 12 + 60
    assert send_due_mail() == 0
    office.answers.clear()
    make_due()
    assert send_due_mail() == 1
    assert len(office.delivered) == 1
    assert (fresh(mail).state, fresh(mail).attempts) == (MailState.SENT, 2)


@pytest.mark.parametrize(
    ("command", "answer", "state", "is_marked"),
    [
        ("RCPT", "550 5.1.1 No such user", MailState.BOUNCED, True),
        ("RCPT", "550 Unknown", MailState.BOUNCED, True),
        ("RCPT", "552 5.2.2 Mailbox full", MailState.BOUNCED, True),
        ("DATA", "550 5.1.1 No such user after all", MailState.BOUNCED, True),
        ("RCPT", "550 5.7.1 Relaying denied", MailState.FAILED, False),
        ("MAIL", "550 5.7.1 Sender not allowed", MailState.FAILED, False),
        ("DATA", "554 5.6.0 Not a letter", MailState.FAILED, False),
    ],
)
def test_what_is_refused_for_good_is_not_tried_again(
    command: str, answer: str, state: MailState, is_marked: bool, write: Write, office: PostOffice
) -> None:
    mail = write()
    office.answers[command] = answer

    send_due_mail()

    refused = fresh(mail)
    code, said = answer.split(" ", 1)
    assert (refused.state, refused.attempts, refused.next_attempt_at) == (state, 1, None)
    assert (refused.last_code, refused.last_error) == (int(code), said)
    marked = SuppressedAddress.of_all_organizations.filter(address="ann@example.org", reason=said)
    assert marked.exists() is is_marked
    office.answers.clear()
    make_due()
    assert send_due_mail() == 0
    assert office.delivered == []


def test_nothing_more_is_sent_to_an_address_that_bounced(
    club: Organization, write: Write, office: PostOffice
) -> None:
    office.answers["RCPT"] = "550 5.1.1 No such user"
    write("ann@example.org")
    send_due_mail()
    office.answers.clear()
    another = write("ANN@example.org")
    of_platform = draft_of(None, [Recipient("ann@example.org")], kind=MailKind.CIRCUIT_OPENED)
    write_mails([of_platform])

    send_due_mail()

    assert fresh(another).state == MailState.SUPPRESSED
    assert [letter.message["X-Correlation-ID"] for letter in office.delivered] == ["the-story"]
    assert EmailMessage.of_all_organizations.get(message_id=of_platform.message_id).state == MailState.SENT


def test_a_letter_that_breaks_off_in_the_middle_arrives_once_by_the_next_attempt(
    write: Write, office: PostOffice
) -> None:
    mail = write()
    office.breaks = "middle"

    send_due_mail()

    waiting = fresh(mail)
    assert (waiting.state, waiting.attempts, waiting.last_code) == (MailState.QUEUED, 1, None)
    assert "may have arrived" in waiting.last_error
    assert office.delivered == []
    office.breaks = ""
    make_due()
    send_due_mail()
    assert [letter.recipient for letter in office.delivered] == ["ann@example.org"]


def test_a_letter_whose_answer_is_lost_comes_again_as_the_very_same_letter(write: Write, office: PostOffice) -> None:
    """The one case in which a server has a letter twice (RFC 5321, section 6.1): receivers know it by its id."""
    mail = write()
    office.breaks = "end"
    send_due_mail()
    assert fresh(mail).state == MailState.QUEUED
    office.breaks = ""
    make_due()

    send_due_mail()

    first, again = office.delivered
    assert first == again
    assert fresh(mail).state == MailState.SENT


def test_a_lost_answer_is_no_reason_to_give_the_letter_to_another_server(
    write: Write, office: PostOffice, second: PostOffice
) -> None:
    mail = write()
    office.breaks = "end"

    send_due_mail()

    assert (fresh(mail).state, fresh(mail).account) == (MailState.QUEUED, "email")
    assert second.delivered == []


def test_a_second_server_takes_what_the_first_can_not(write: Write, office: PostOffice, second: PostOffice) -> None:
    later, refused = write("later@example.org"), write("refused@example.org")
    office.answers["RCPT"] = "451 4.3.0 Out of order"

    send_due_mail()

    assert sorted(letter.recipient for letter in second.delivered) == ["later@example.org", "refused@example.org"]
    assert (fresh(later).state, fresh(later).account, fresh(later).attempts) == (MailState.SENT, "email_second", 1)
    assert office.delivered == []
    assert fresh(refused).state == MailState.SENT


def test_a_server_that_is_gone_costs_an_attempt(write: Write, settings: Settings) -> None:
    with post_office() as gone:
        use(settings, gone)
    mail = write()

    send_due_mail()

    assert (fresh(mail).state, fresh(mail).attempts) == (MailState.QUEUED, 1)
    assert fresh(mail).last_error == "ConnectionRefusedError: no answer."


def test_an_open_circuit_costs_no_attempt_and_the_mail_waits(write: Write, office: PostOffice) -> None:
    mails = [write(f"person-{number}@example.org") for number in range(3)]
    registry().get("email").circuit.trip()

    assert send_due_mail() == 0

    assert [(fresh(mail).state, fresh(mail).attempts) for mail in mails] == [(MailState.QUEUED, 0)] * 3
    assert office.connections == 0
    assert policy("email").breaker.opened
    registry().get("email").circuit.reset()
    make_due()
    assert send_due_mail() == 3


def test_after_the_last_attempt_a_mail_has_failed(write: Write, office: PostOffice, settings: Settings) -> None:
    settings.MAIL = {**settings.MAIL, "RETRY_SCHEDULE": (0, 0, 0)}
    mail = write()
    office.answers["RCPT"] = "450 4.2.0 Greylisted"

    assert send_due_mail() == 3

    assert (fresh(mail).state, fresh(mail).attempts) == (MailState.FAILED, 3)
    assert SuppressedAddress.of_all_organizations.count() == 0


def test_a_killed_workers_mail_is_due_again_once_its_lease_is_over(write: Write, office: PostOffice) -> None:
    mail = write()
    lost = claim_next()
    assert lost is not None
    assert claim_next() is None
    EmailMessage.of_all_organizations.update(next_attempt_at=clock.now() - timedelta(seconds=1))

    send_due_mail()

    assert (fresh(mail).state, fresh(mail).attempts) == (MailState.SENT, 2)
    assert settle(lost, Receipt(Outcome.REFUSED)) is False
    assert fresh(mail).state == MailState.SENT


def test_a_mail_that_kills_its_workers_is_given_up(write: Write, office: PostOffice) -> None:
    mail = write()
    attempts = len(django_settings.MAIL["RETRY_SCHEDULE"])
    EmailMessage.of_all_organizations.update(state=MailState.SENDING, lease=new_id(), attempts=attempts)
    make_due()

    assert send_due_mail() == 0

    assert (fresh(mail).state, fresh(mail).last_error) == (MailState.FAILED, WORKERS_LOST)
    assert office.delivered == []


def test_urgent_mails_overtake_the_many(club: Organization, write: Write, office: PostOffice) -> None:
    for number in range(3):
        write(f"many-{number}@example.org")
    write("urgent@example.org", kind=MailKind.MEMBERSHIP)

    send_due_mail()

    assert office.delivered[0].recipient == "urgent@example.org"


def test_a_worker_that_is_told_to_stop_takes_no_more(write: Write, office: PostOffice) -> None:
    write("one@example.org")
    write("two@example.org")

    assert send_due_mail(is_stopping=lambda: len(office.delivered) == 1) == 1

    assert len(office.delivered) == 1


def test_a_fault_of_ours_leaves_the_others_alone(
    write: Write, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = write("broken@example.org"), write("fine@example.org")
    letter_of = sending.letter_of

    def fail(mail: EmailMessage) -> object:
        if mail.pk == broken.pk:
            raise RuntimeError("a mistake")
        return letter_of(mail)

    monkeypatch.setattr(sending, "letter_of", fail)

    assert send_due_mail() == 2

    assert [letter.recipient for letter in office.delivered] == ["fine@example.org"]
    assert (fresh(broken).state, fresh(fine).state) == (MailState.SENDING, MailState.SENT)


def test_what_is_told_twice_is_mailed_once(club: Organization, office: PostOffice) -> None:
    draft = draft_of(club, [Recipient("ann@example.org"), Recipient("ANN@example.org"), Recipient("")])

    write_mails([draft])
    write_mails([draft])
    send_due_mail()
    write_mails([draft])
    send_due_mail()

    assert [letter.recipient for letter in office.delivered] == ["ann@example.org"]
