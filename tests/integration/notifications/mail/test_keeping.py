"""Who wants no more mails, and what is kept of those that were sent."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.erasure.services import erase_person
from apps.notifications.enums import MailKind, MailState, MailTopic
from apps.notifications.models import EmailMessage, MailSwitch, SuppressedAddress, Unsubscription
from apps.notifications.services.email.hooks import Recipient, Words
from apps.notifications.services.email.retention import forget_old_mail
from apps.notifications.services.email.sending import send_due_mail
from apps.notifications.services.email.unsubscribing import set_switches, switches_of
from apps.notifications.services.email.writing import write_mails
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.integration.notifications.mail.conftest import Write, draft_of, fresh
from tests.post_office import PostOffice

pytestmark = pytest.mark.django_db


def unsubscribe_path(office: PostOffice) -> str:
    """Where the last letter's header says that one click ends such mails."""
    message = office.delivered[-1].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return urlsplit(message["List-Unsubscribe"].strip("<>")).path


def test_one_click_of_a_mail_program_ends_the_mails_of_a_topic(
    club: Organization, write: Write, office: PostOffice
) -> None:
    write("ann@example.org")
    send_due_mail()
    waiting, other = write("ANN@example.org"), write("bob@example.org")
    path = unsubscribe_path(office)
    browser = Client(enforce_csrf_checks=True)

    assert browser.get(path).status_code == 200
    assert Unsubscription.of_all_organizations.count() == 0
    answer = browser.post(path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert b"You get no more of these mails" in answer.content
    assert (fresh(waiting).state, fresh(other).state) == (MailState.CANCELLED, MailState.QUEUED)
    write_mails([draft_of(club, [Recipient("ann@example.org")])])
    write_mails([draft_of(club, [Recipient("ann@example.org")], kind=MailKind.MEMBERSHIP)])
    assert [mail.kind for mail in EmailMessage.of_all_organizations.filter(state=MailState.QUEUED)] == [
        MailKind.MEMBERSHIP,
        MailKind.RESULT_PUBLISHED,
    ]
    assert "[unsubscribe link]" not in office.delivered[0].body("plain")
    assert path in office.delivered[0].body("html")


def test_a_member_who_clicks_has_the_switch_off_and_can_switch_it_on_again(
    club: Organization, office: PostOffice
) -> None:
    membership = MembershipFactory.create(organization=club)
    user = membership.user
    write_mails([draft_of(club, [Recipient(user.email, user.pk)], kind=MailKind.SIGNATURE_NEEDED)])
    send_due_mail()
    assert switches_of(membership.pk)[MailTopic.SIGNING] is True

    Client().post(unsubscribe_path(office))

    assert switches_of(membership.pk)[MailTopic.SIGNING] is False
    set_switches(membership=membership, switches={MailTopic.SIGNING: True})
    assert (switches_of(membership.pk)[MailTopic.SIGNING], Unsubscription.of_all_organizations.count()) == (True, 0)
    assert MailSwitch.of_all_organizations.count() == 1


def test_a_link_of_nobodys_is_not_found(write: Write, office: PostOffice) -> None:
    write("ann@example.org")
    send_due_mail()
    path = unsubscribe_path(office)

    assert Client().get(f"{path[:-2]}x/").status_code == 404


def test_mails_that_nobody_can_do_without_have_no_such_link(club: Organization, office: PostOffice) -> None:
    write_mails([draft_of(club, [Recipient("ann@example.org")], kind=MailKind.MEMBERSHIP)])

    send_due_mail()

    assert "List-Unsubscribe" not in office.delivered[0].message
    assert "No more of these" not in office.delivered[0].body("plain")


def test_an_erased_person_is_in_no_mail_and_gets_none(club: Organization, write: Write, office: PostOffice) -> None:
    person = UserFactory.create(email="zoe@example.org", full_name="Zoe Oldenbourg")
    write("zoe@example.org")
    send_due_mail()
    waiting = write("Zoe@Example.org")
    naming = write("ann@example.org", words=Words("About Zoe Oldenbourg", ("Zoe Oldenbourg was deleted.",)))
    other = write("bob@example.org")
    SuppressedAddress.of_all_organizations.create(organization=club, address="zoe@example.org")
    Unsubscription.of_all_organizations.create(organization=club, address="zoe@example.org", topic="results")

    erase_person(user_id=person.pk)

    for row in EmailMessage.of_all_organizations.all():
        assert "zoe" not in f"{row.recipient}{row.subject}{row.text}{row.html}".lower()
    assert [fresh(mail).state for mail in (waiting, naming, other)] == [
        MailState.CANCELLED,
        MailState.CANCELLED,
        MailState.QUEUED,
    ]
    assert (SuppressedAddress.of_all_organizations.count(), Unsubscription.of_all_organizations.count()) == (0, 0)
    office.delivered.clear()
    send_due_mail()
    assert [letter.recipient for letter in office.delivered] == ["bob@example.org"]


def test_words_are_kept_thirty_days_and_rows_ninety(write: Write, office: PostOffice) -> None:
    old, middle, new, waiting = (write(f"{name}@example.org") for name in ("old", "middle", "new", "waiting"))
    for mail, days in ((old, 91), (middle, 31), (new, 1)):
        EmailMessage.of_all_organizations.filter(pk=mail.pk).update(
            created_at=clock.now() - timedelta(days=days),
            state=MailState.SENT,
            next_attempt_at=None,
            finished_at=clock.now(),
        )
    EmailMessage.of_all_organizations.filter(pk=waiting.pk).update(created_at=clock.now() - timedelta(days=91))

    assert forget_old_mail(batch=1) == {"bodies": 2, "mails": 1, "notices": 0}

    assert list(EmailMessage.of_all_organizations.order_by("pk").values_list("recipient", flat=True)) == [
        "middle@example.org",
        "new@example.org",
        "waiting@example.org",
    ]
    assert (fresh(middle).text, fresh(middle).html, fresh(middle).subject) == ("", "", "")
    assert "published" in fresh(new).text
    assert "published" in fresh(waiting).text
