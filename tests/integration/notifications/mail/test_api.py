"""The log of mails, addresses that are given up, and switches, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core import clock
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services.deleting import delete_object
from apps.core.softdelete.services.restoring import restore_deletion
from apps.core.tenancy import organization_scope, platform_scope
from apps.notifications.enums import MailKind, MailState
from apps.notifications.models import EmailMessage, SuppressedAddress
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.purges import warn_of_purges
from apps.notifications.services.email.sending import send_due_mail
from apps.notifications.services.email.unsubscribing import unsubscribe
from apps.notifications.services.email.writing import write_mails
from tests.api import ids, problem, signed_in
from tests.factories.accounts import MembershipFactory, OperatorFactory, OrganizationFactory, UserFactory, member
from tests.factories.contests import ContestantFactory
from tests.factories.events import EventFactory
from tests.factories.notifications import EmailMessageFactory, SuppressedAddressFactory
from tests.integration.notifications.mail.conftest import Write, draft_of, fresh
from tests.other import DEADLINE, somebody_else
from tests.post_office import PostOffice

pytestmark = pytest.mark.django_db

EMAILS = "/api/v1/emails/"
ADDRESSES = "/api/v1/suppressed-addresses/"
SWITCHES = "/api/v1/mail-switches/"


@pytest.fixture
def admin(club: Organization) -> APIClient:
    return signed_in(member(club, Role.ADMIN))


def test_the_log_has_the_organizations_own_mails_and_says_what_became_of_them(
    club: Organization, admin: APIClient, write: Write, office: PostOffice
) -> None:
    EmailMessageFactory.create(organization=OrganizationFactory.create())
    write_mails([draft_of(None, [Recipient("ann@example.org")], kind=MailKind.CIRCUIT_OPENED)])
    mail = write("ann@example.org")
    send_due_mail()

    assert ids(admin.get(EMAILS)) == [mail.pk]
    assert ids(admin.get(f"{EMAILS}?state=sent&kind=result_published&recipient=ANN@example.org")) == [mail.pk]
    assert ids(admin.get(f"{EMAILS}?correlation_id=the-story&message={mail.message_id}")) == [mail.pk]
    assert ids(admin.get(f"{EMAILS}?state=failed&state=bounced")) == []
    shown = admin.get(f"{EMAILS}{mail.pk}/").json()
    assert (shown["state"], shown["attempts"], shown["correlation_id"]) == ("sent", 1, "the-story")
    assert "It has been published." in shown["text"]
    operator = signed_in(OperatorFactory.create())
    assert len(ids(operator.get(EMAILS))) == 3


def test_a_mail_that_failed_is_sent_again_as_the_same_mail(
    admin: APIClient, write: Write, office: PostOffice
) -> None:
    mail = write()
    office.answers["DATA"] = "554 5.6.0 Not a letter"
    send_due_mail()
    office.answers.clear()

    answer = admin.post(f"{EMAILS}{mail.pk}/resend/")

    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "queued", 0)
    problem(admin.post(f"{EMAILS}{mail.pk}/resend/"), 409, "MAIL_UNDER_WAY")
    send_due_mail()
    (letter,) = office.delivered
    assert (fresh(mail).state, fresh(mail).copy) == (MailState.SENT, 0)

    admin.post(f"{EMAILS}{mail.pk}/resend/")
    send_due_mail()

    copy = office.delivered[-1]
    assert copy.message_id == letter.message_id.replace("@", ".1@")
    assert len(office.delivered) == 2


def test_what_has_no_words_any_more_is_not_sent_again(club: Organization, admin: APIClient) -> None:
    mail = EmailMessageFactory.create(organization=club, text="", html="", subject="")

    problem(admin.post(f"{EMAILS}{mail.pk}/resend/"), 410, "WORDS_GONE")


def test_nobody_can_be_sent_again_what_they_want_no_more_of(club: Organization, admin: APIClient) -> None:
    mail = EmailMessageFactory.create(organization=club, state=MailState.CANCELLED)
    unsubscribe(mail=mail)

    problem(admin.post(f"{EMAILS}{mail.pk}/resend/"), 409, "MAIL_OUT_OF_REACH")

    assert fresh(mail).state == MailState.CANCELLED


def test_a_cleared_address_gets_mail_again(
    club: Organization, admin: APIClient, write: Write, office: PostOffice
) -> None:
    address = SuppressedAddressFactory.create(organization=club, address="ann@example.org")
    SuppressedAddressFactory.create(organization=OrganizationFactory.create(), address="ann@example.org")
    mail = write("Ann@example.org")
    send_due_mail()
    assert fresh(mail).state == MailState.SUPPRESSED
    assert ids(admin.get(f"{ADDRESSES}?address=ANN@example.org")) == [address.pk]
    problem(admin.post(f"{EMAILS}{mail.pk}/resend/"), 409, "MAIL_OUT_OF_REACH")

    assert admin.delete(f"{ADDRESSES}{address.pk}/").status_code == 204

    assert SuppressedAddress.of_all_organizations.count() == 1
    admin.post(f"{EMAILS}{mail.pk}/resend/")
    send_due_mail()
    assert [letter.recipient for letter in office.delivered] == ["Ann@example.org"]


def test_members_choose_which_mails_they_get(club: Organization) -> None:
    client = signed_in(member(club, Role.JUDGE))
    first = {"judging": True, "signing": True, "results": False, "deletions": True, "webhooks": True}
    assert client.get(SWITCHES).json() == first

    answer = client.patch(SWITCHES, {"results": True, "signing": False})

    assert answer.json() == client.get(SWITCHES).json() == {**first, "results": True, "signing": False}
    assert signed_in(member(club, Role.JUDGE)).get(SWITCHES).json() == first
    problem(client.patch(SWITCHES, {"account": False}), 422, "INVALID")
    problem(signed_in(OperatorFactory.create(), club).get(SWITCHES), 403, "FORBIDDEN")


def test_keepers_of_the_bin_hear_once_of_what_goes_for_good_within_a_week(
    club: Organization, office: PostOffice
) -> None:
    owner = member(club, Role.OWNER)
    MembershipFactory.create(organization=club, role=Role.ORGANIZER)
    soon, later, held, fresh_one = (deleted(club, name) for name in ("Soon", "Later", "Held", "Fresh"))
    now = clock.now()
    for deletion, days in ((soon, 6), (later, 8), (held, 6)):
        at(deletion, expires_at=now + timedelta(days=days), created_at=now - timedelta(days=24))
    at(held, legal_hold=True)
    at(fresh_one, expires_at=now + timedelta(days=6))

    assert [tell(), tell()] == [1, 0]

    send_due_mail()
    (letter,) = office.delivered
    assert letter.recipient == owner.email
    assert letter.message["Subject"] == "“Soon” goes for good in a few days"
    assert f"/bin/{club.slug}/{soon.pk}/" in letter.body("plain")
    at(later, expires_at=now + timedelta(days=5))
    at(fresh_one, created_at=now - timedelta(days=2))
    assert tell() == 2
    assert "2 deletions" in EmailMessage.of_all_organizations.get(state=MailState.QUEUED).subject


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_tell_of_a_purge_once(club: Organization) -> None:
    member(club, Role.OWNER)
    now = clock.now()
    at(deleted(club, "Soon"), expires_at=now + timedelta(days=6), created_at=now - timedelta(days=24))

    with somebody_else() as other:
        with transaction.atomic():
            assert tell() == 1
            second = other.do(tell)
            other.wait_until_it_waits()
        assert second.result(DEADLINE) == 0

    assert EmailMessage.of_all_organizations.count() == 1


def test_operators_hear_of_organizations_and_people_that_go_for_good(club: Organization, office: PostOffice) -> None:
    operator = OperatorFactory.create()
    member(club, Role.OWNER)
    gone = delete_object(root=club)
    person = delete_object(root=UserFactory.create(full_name="Zoe Oldenbourg"))
    now = clock.now()
    for deletion in (gone, person):
        at(deletion, expires_at=now + timedelta(days=6), created_at=now - timedelta(days=24))

    assert tell() == 2

    send_due_mail()
    (letter,) = office.delivered
    assert letter.recipient == operator.email
    assert "“Skating Club” (organization) on " in letter.body("plain")
    assert reverse("admin:core_deletion_changelist") in letter.body("plain")
    assert "List-Unsubscribe" not in letter.message


def test_what_goes_for_good_is_told_once_the_organization_is_back(club: Organization) -> None:
    member(club, Role.OWNER)
    now = clock.now()
    soon = deleted(club, "Soon")
    at(soon, expires_at=now + timedelta(days=6), created_at=now - timedelta(days=24))
    whole = delete_object(root=club)
    assert tell() == 0

    with platform_scope("an operator"):
        restore_deletion(deletion=whole)

    assert tell() == 1
    assert EmailMessage.of_all_organizations.get().message_id == soon.pk


def test_notices_of_purges_name_no_person(club: Organization) -> None:
    member(club, Role.OWNER)
    contestant = ContestantFactory.create(organization=club, name="Zoe Oldenbourg")
    with organization_scope(club.pk):
        deletion = delete_object(root=contestant)
    now = clock.now()
    at(deletion, expires_at=now + timedelta(days=6), created_at=now - timedelta(days=24))

    assert tell() == 1

    mail = EmailMessage.of_all_organizations.get()
    assert mail.subject == "A deletion becomes final in a few days"
    assert "Contestant on " in mail.text
    assert "Zoe" not in mail.text + mail.html
    assert f"/bin/{club.slug}/{deletion.pk}/" in mail.text


def deleted(club: Organization, name: str) -> Deletion:
    event = EventFactory.create(organization=club, name=name)
    with organization_scope(club.pk):
        return delete_object(root=event)


def at(deletion: Deletion, **values: object) -> None:
    Deletion.of_all_organizations.filter(pk=deletion.pk).update(**values)


def tell() -> int:
    with platform_scope("beat"):
        return warn_of_purges()
