"""Mails and suppressed addresses in the admin."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.notifications.enums import MailKind, MailState
from apps.notifications.models import SuppressedAddress
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.sending import send_due_mail
from apps.notifications.services.email.writing import write_mails
from config.settings.mail import _accounts
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.factories.notifications import EmailMessageFactory, SuppressedAddressFactory
from tests.integration.notifications.mail.conftest import Write, draft_of, fresh
from tests.post_office import PostOffice

pytestmark = pytest.mark.django_db

MAILS = "/admin/notifications/emailmessage/"
ADDRESSES = "/admin/notifications/suppressedaddress/"


@pytest.fixture
def client(club: Organization) -> Client:
    return browser_of(member(club, Role.ADMIN))


def browser_of(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def detail(name: str, row: Any) -> str:
    return reverse(f"admin:notifications_{row._meta.model_name}_{name}", args=[row.pk])


def test_a_mail_is_looked_at_and_sent_again(client: Client, write: Write, office: PostOffice) -> None:
    mail = write("ann@example.org")
    send_due_mail()

    shown = client.get(detail("change", mail)).content.decode()

    assert [
        text
        for text in ("ann@example.org", "the-story", office.delivered[0].message_id.strip("<>"))
        if text not in shown
    ] == []
    assert '<iframe sandbox srcdoc="' in shown
    assert mail.html.strip() in unescape(shown).replace("\r\n", "\n")
    assert client.get(detail("send_again", mail)).status_code == 200
    assert fresh(mail).state == MailState.SENT
    client.post(detail("send_again", mail))
    send_due_mail()
    assert len(office.delivered) == 2


def test_what_failed_is_sent_again_together(club: Organization, client: Client) -> None:
    mine = [EmailMessageFactory.create(organization=club) for _ in range(2)]
    erased = EmailMessageFactory.create(organization=club, text="")
    EmailMessageFactory.create()  # another club's
    listed = client.get(MAILS, {"state__exact": "failed"}).context["cl"].result_count

    chosen = {"action": "resend_selected", "_selected_action": [str(row.pk) for row in [*mine, erased]]}
    shown = messages(client.post(MAILS, chosen, follow=True))

    assert listed == 3
    assert shown[-1] == "On their way again: 2."
    assert [fresh(mail).state for mail in [*mine, erased]] == [MailState.QUEUED, MailState.QUEUED, MailState.FAILED]


def test_addresses_are_cleared_one_by_one_and_together(club: Organization, client: Client) -> None:
    rows = [SuppressedAddressFactory.create(organization=club) for _ in range(3)]

    answer = client.post(detail("clear", rows[0]), follow=True)
    chosen = {"action": "clear_selected", "_selected_action": [str(row.pk) for row in rows[1:]]}
    together = messages(client.post(ADDRESSES, chosen, follow=True))

    assert answer.redirect_chain == [(ADDRESSES, 302)]
    assert together == ["Cleared: 2."]
    assert SuppressedAddress.of_all_organizations.count() == 0


@pytest.mark.parametrize("path", [MAILS, ADDRESSES])
def test_they_are_for_those_who_manage_people(path: str, club: Organization) -> None:
    assert browser_of(member(club, Role.ORGANIZER)).get(path).status_code == 403


def test_another_clubs_mails_are_not_there_and_the_platforms_are_for_its_staff(client: Client) -> None:
    write_mails([draft_of(None, [Recipient("ops@example.org")], kind=MailKind.CIRCUIT_OPENED)])
    mail, address = EmailMessageFactory.create(), SuppressedAddressFactory.create()
    OrganizationFactory.create()

    for path in (detail("change", mail), detail("send_again", mail), detail("clear", address)):
        assert client.get(path).status_code == 404
    assert client.get(MAILS).context["cl"].result_count == 0
    assert browser_of(OperatorFactory.create()).get(MAILS).context["cl"].result_count == 2


def test_without_a_mail_server_a_mail_is_a_file(
    write: Write, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_HOME", str(tmp_path))
    monkeypatch.delenv("SMTP_URL", raising=False)
    settings.MAIL = {**settings.MAIL, "ACCOUNTS": _accounts()}
    mail = write("ann@example.org")

    send_due_mail()

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name.startswith(f"{mail.message_id}.")
    assert file.suffix == ".eml"
    assert b"To: ann@example.org" in file.read_bytes()
    assert fresh(mail).state == MailState.SENT
