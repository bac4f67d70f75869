"""Which mail follows from what, to whom, and from what none does."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.accounts.selectors import access_in
from apps.accounts.services.members import add_member, change_role
from apps.accounts.services.sessions import set_password
from apps.contests.models import Assignment, Contest
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from apps.core.tenancy import organization_scope
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import DisabledReason, MailKind, MailTopic
from apps.notifications.models import EmailMessage
from apps.notifications.services.email.hooks import Recipient, Words
from apps.notifications.services.email.letters import letter_of
from apps.notifications.services.email.sending import send_due_mail
from apps.notifications.services.email.unsubscribing import set_switches
from apps.notifications.services.email.writing import write_mails
from tests.api import anonymous, signed_in
from tests.factories.accounts import MembershipFactory, OperatorFactory, OrganizationFactory, UserFactory, member
from tests.factories.contests import AssignmentFactory, ContestantFactory, ContestFactory, JudgeFactory
from tests.integration.contests.arena import API, arena
from tests.integration.notifications.conftest import endpoint_at, message, publish_again
from tests.integration.notifications.mail.conftest import draft_of, publish_outbox, written
from tests.post_office import PostOffice

pytestmark = pytest.mark.django_db


def contest_message(contest: Contest, type: str, **data: Any) -> PublishedMessage:
    return message(
        contest.organization,
        type=type,
        subject=f"contest/{contest.pk}",
        data={"id": str(contest.pk), "event": str(contest.event_id), "status": contest.status, **data},
    )


def test_somebody_new_is_welcomed_with_a_link_to_choose_a_password(club: Organization, office: PostOffice) -> None:
    membership = add_member(organization_id=club.pk, email="new@example.org", role=Role.JUDGE)
    told = publish_outbox()
    publish_again(told)

    send_due_mail()

    (letter,) = office.delivered
    assert letter.recipient == "new@example.org"
    assert "Your role: Judge." in letter.body("plain")
    path = link_in(letter.body("plain"), "Choose a password")
    assert path.startswith(f"/password/{membership.user_id}/")
    row = EmailMessage.of_all_organizations.get()
    assert path not in row.text + row.html
    assert path in letter.body("html")
    browser = Client()
    answer = browser.post(path, {"password": "a long new passphrase 7"})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert User.objects.get(pk=membership.user_id).check_password("a long new passphrase 7")
    assert browser.post(path, {"password": "another passphrase 8"})["Location"] == "/password/"


def test_a_member_hears_of_a_new_role(club: Organization) -> None:
    owner = member(club, Role.OWNER)
    membership = MembershipFactory.create(organization=club, role=Role.VIEWER)
    change_role(membership=membership, role=Role.AUDITOR, by=access_in(owner, club.pk))
    publish_outbox()

    assert written() == [(MailKind.ROLE_CHANGED, membership.user.email)]
    assert "You are now: Auditor." in EmailMessage.of_all_organizations.get().text


def test_a_forgotten_password_is_replaced_by_mail_and_every_session_ends(office: PostOffice) -> None:
    user = UserFactory.create(email="Zoe@example.org")
    session, api_client = signed_in(user), anonymous()
    assert session.get("/api/v1/auth/sessions/").status_code == 200
    known = api_client.post("/api/v1/auth/password/reset/", {"email": "zoe@example.org"})
    unknown = api_client.post("/api/v1/auth/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    publish_outbox()
    send_due_mail()
    (letter,) = office.delivered
    assert letter.recipient == "Zoe@example.org"
    _, user_id, token = link_in(letter.body("plain"), "Choose a new password").strip("/").split("/")
    body = {"user": user_id, "token": token, "new_password": "a long new passphrase 7"}

    weak = api_client.post("/api/v1/auth/password/reset/confirm/", {**body, "new_password": "short"})
    done = api_client.post("/api/v1/auth/password/reset/confirm/", body)
    again = api_client.post("/api/v1/auth/password/reset/confirm/", body)

    assert (weak.status_code, done.status_code, again.status_code) == (422, 204, 410)
    assert again.json()["code"] == "RESET_LINK_INVALID"
    assert session.get("/api/v1/auth/sessions/").status_code == 401
    assert User.objects.get(pk=user.pk).check_password("a long new passphrase 7")


def test_who_has_another_address_by_now_gets_no_key_sent_to_the_old_one(office: PostOffice) -> None:
    user = UserFactory.create(email="zoe@example.org")
    anonymous().post("/api/v1/auth/password/reset/", {"email": "zoe@example.org"})
    publish_outbox()
    User.objects.filter(pk=user.pk).update(email="zoe@elsewhere.example")

    send_due_mail()

    (letter,) = office.delivered
    assert letter.recipient == "zoe@example.org"
    assert link_in(letter.body("plain"), "Choose a new password") == reverse("web:sign-in")


def test_who_has_changed_a_password_hears_of_it(office: PostOffice) -> None:
    user = UserFactory.create()
    set_password(user=user, password="a long new passphrase 7")
    publish_outbox()

    assert written() == [(MailKind.PASSWORD_CHANGED, user.email)]


def test_whoever_set_a_disabled_webhook_up_is_told_else_the_owners(club: Organization) -> None:
    owner, author = member(club, Role.OWNER), member(club, Role.ADMIN)
    theirs = endpoint_at(club, "https://a.example.org", created_by=author.pk)
    orphan = endpoint_at(club, "https://b.example.org", created_by=new_id())
    for endpoint in (theirs, orphan):
        data = {"webhook_endpoint_id": str(endpoint.pk), "reason": str(DisabledReason.FAILING), "failing_since": None}
        publish_again([message(club, type="webhook_endpoint.disabled", data=data)])

    assert written() == sorted([(MailKind.WEBHOOK_DISABLED, owner.email), (MailKind.WEBHOOK_DISABLED, author.email)])
    mail = EmailMessage.of_all_organizations.get(recipient=author.email)
    assert "https://a.example.org" in mail.text
    assert "It failed for days" in mail.text


def test_operators_hear_of_an_open_circuit(settings: Settings) -> None:
    staff = OperatorFactory.create()
    UserFactory.create()
    opened = {"circuit": "storage", "cause": "5 failures within 60 s", "previous_state": "closed"}
    publish_again([message_of_platform("circuit.opened", opened)])
    settings.OPERATOR_EMAILS = ("pager@example.org",)
    publish_again([message_of_platform("circuit.opened", opened), message_of_platform("circuit.closed", opened)])

    assert written() == sorted(
        [(MailKind.CIRCUIT_OPENED, staff.email), (MailKind.CIRCUIT_OPENED, "pager@example.org")]
    )
    assert {mail.organization_id for mail in EmailMessage.of_all_organizations.all()} == {None}


def test_an_outage_is_one_mail_however_often_probes_fail() -> None:
    staff = OperatorFactory.create()
    opened = {"circuit": "storage", "cause": "5 failures within 60 s", "previous_state": "closed"}
    again = {**opened, "cause": "a probe failed", "previous_state": "half_open"}

    publish_again([message_of_platform("circuit.opened", data) for data in (opened, again, again)])

    assert written() == [(MailKind.CIRCUIT_OPENED, staff.email)]


def test_who_signs_next_is_asked_and_nobody_who_has_signed(club: Organization) -> None:
    contest = ContestFactory.create(
        organization=club, status="locked", sign_off=[Role.TALLY_MASTER, Role.AUDITOR], name="Seniors"
    )
    tally, _ = member(club, Role.TALLY_MASTER), member(club, Role.AUDITOR)

    publish_again([contest_message(contest, "contest.locked")])

    assert written() == [(MailKind.SIGNATURE_NEEDED, tally.email)]
    assert f"/tally/{contest.pk}/" in EmailMessage.of_all_organizations.get().text


def test_after_a_signature_the_next_one_is_asked_for(club: Organization) -> None:
    chain = [Role.TALLY_MASTER, Role.AUDITOR]
    contest = ContestFactory.create(organization=club, status="locked", sign_off=chain)
    tally, auditor = member(club, Role.TALLY_MASTER), member(club, Role.AUDITOR)
    with organization_scope(club.pk):
        digest = read_sign_off(contest).digest
        sign_contest(contest_id=contest.pk, access=access_in(tally, club.pk), digest=digest)
    publish_outbox()

    assert written() == [(MailKind.SIGNATURE_NEEDED, auditor.email)]
    assert "The next signature is for: Auditor." in EmailMessage.of_all_organizations.get().text


def test_a_published_result_goes_to_who_took_part_and_to_who_asked_for_it(club: Organization) -> None:
    contest = ContestFactory.create(organization=club, visibility="public", name="Seniors")
    seat = seated(contest, email="judge@example.org")
    ContestantFactory.create(organization=club, contest=contest, email="skater@example.org")
    ContestantFactory.create(organization=club, contest=contest, email="")
    wanting, _ = MembershipFactory.create(organization=club), MembershipFactory.create(organization=club)
    set_switches(membership=wanting, switches={MailTopic.RESULTS: True})
    told = contest_message(published(contest), "contest.published")

    publish_again([told])
    publish_again([told])

    everybody = [seat.judge.email, "skater@example.org", wanting.user.email]
    assert written() == sorted((MailKind.RESULT_PUBLISHED, address) for address in everybody)
    assert f"/boards/{contest.pk}/" in EmailMessage.of_all_organizations.first().text  # type: ignore[union-attr]


def test_a_private_result_goes_only_to_people_who_can_read_it(club: Organization) -> None:
    contest = ContestFactory.create(organization=club, visibility="private")
    seated(contest, email="outside@example.org")
    inside = member(club, Role.JUDGE)
    seated(contest, user=inside)
    ContestantFactory.create(organization=club, contest=contest, email="skater@example.org")

    publish_again([contest_message(published(contest), "contest.published")])

    assert written() == [(MailKind.RESULT_PUBLISHED, inside.email)]


def test_a_judge_hears_of_all_seats_in_one_mail(club: Organization) -> None:
    contest = ContestFactory.create(organization=club, name="Seniors")
    seat = seated(contest, email="judge@example.org")
    other = AssignmentFactory.create(
        organization=club, judge=seat.judge, category__contest=contest, category__organization=club, seat="J7"
    )

    publish_again([contest_message(contest, "contest.judges_seated", assignments=[str(seat.pk), str(other.pk)])])

    assert written() == [(MailKind.JUDGE_SEATED, "judge@example.org")]
    assert "J7" in EmailMessage.of_all_organizations.get().text


def test_a_reminder_says_what_is_missing_and_names_no_contestant(office: PostOffice) -> None:
    found = arena(name="Seniors", blind=True)
    judge = found.person(Role.JUDGE)
    assert found.client(Role.JUDGE).post(f"{API}/scores/", found.mark(0, 0, 0)).status_code == 201

    assert found.client(Role.TALLY_MASTER).post(found.url("remind-judges/"), {}).status_code == 200
    publish_outbox()
    publish_outbox()
    send_due_mail()

    (letter,) = office.delivered
    text = letter.body("plain")
    assert (letter.recipient, letter.message["Subject"]) == (judge.email, "Seniors waits for your marks")
    assert f"{found.category.name}, seat J1: 5 marks are missing." in text
    assert link_in(text, "To your scorecards") == "/judge/"
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    shown = text + letter.body("html")
    told = [part for entry in found.entries for part in (entry.contestant.name, entry.contestant.affiliation)]
    assert [part for part in told if part in shown] == []
    assert EmailMessage.of_all_organizations.get().topic == "judging"


def test_a_member_who_switched_a_topic_off_gets_none_of_its_mails(club: Organization) -> None:
    contest = ContestFactory.create(organization=club, status="locked", sign_off=[Role.AUDITOR])
    wants, wants_not = member(club, Role.AUDITOR), member(club, Role.AUDITOR)
    theirs = Membership.objects.get(user=wants_not)
    set_switches(membership=theirs, switches={MailTopic.SIGNING: False})

    publish_again([contest_message(contest, "contest.locked")])

    assert written() == [(MailKind.SIGNATURE_NEEDED, wants.email)]


def seated(contest: Contest, *, email: str = "", user: User | None = None) -> Assignment:
    """A judge on a panel of the contest."""
    judge = JudgeFactory.create(organization=contest.organization, email=email, user=user)
    made: Assignment = AssignmentFactory.create(
        organization=contest.organization,
        judge=judge,
        category__contest=contest,
        category__organization=contest.organization,
    )
    return made


def published(contest: Contest) -> Contest:
    """The contest, once its result is out."""
    Contest._base_manager.filter(pk=contest.pk).update(status="published")
    return contest


def message_of_platform(type: str, data: dict[str, object]) -> PublishedMessage:
    return message(Organization(), organization_id=None, type=type, subject="circuit/storage", data=data)


def link_in(text: str, label: str) -> str:
    """The path of a link in a plain mail."""
    found = re.search(rf"{label}: (\S+)", text)
    assert found is not None, text
    return urlsplit(found[1]).path


def test_a_request_and_its_mail_have_one_correlation_id(club: Organization, office: PostOffice) -> None:
    admin = signed_in(member(club, Role.ADMIN))

    answer = admin.post(
        "/api/v1/memberships/",
        {"email": "new@example.org", "role": "judge"},
        headers={"X-Correlation-ID": "one-story-from-end-to-end"},
    )
    publish_outbox()
    send_due_mail()

    (letter,) = office.delivered
    row = EmailMessage.of_all_organizations.get()
    shown = admin.get(f"/api/v1/emails/{row.pk}/").json()
    assert {answer["X-Correlation-ID"], letter.message["X-Correlation-ID"], shown["correlation_id"]} == {
        "one-story-from-end-to-end"
    }


def test_nobodys_mailbox_is_flooded_with_links(settings: Settings) -> None:
    settings.RESET_LINKS = "2/hour"
    user = UserFactory.create(email=f"{new_id()}@example.org")

    for spelling in (user.email, user.email.upper(), user.email):
        assert anonymous().post("/api/v1/auth/password/reset/", {"email": spelling}).status_code == 202

    assert OutboxMessage.objects.filter(type="user.password_reset_requested").count() == 2


def test_what_waits_for_those_who_leave_or_are_deleted_is_not_sent(club: Organization, office: PostOffice) -> None:
    leaving, staying = MembershipFactory.create(organization=club), MembershipFactory.create(organization=club)
    member(club, Role.OWNER)
    for membership in (leaving, staying):
        write_mails(
            [draft_of(club, [Recipient(membership.user.email, membership.user_id)], kind=MailKind.ROLE_CHANGED)]
        )
    elsewhere = OrganizationFactory.create()
    write_mails([draft_of(elsewhere, [Recipient("ann@example.org")])])

    leaving.delete()
    elsewhere.delete()
    send_due_mail()

    assert [letter.recipient for letter in office.delivered] == [staying.user.email]


def test_who_calls_a_contest_by_the_name_of_a_secret_link_gets_none_into_a_mail(club: Organization) -> None:
    person = UserFactory.create()
    words = Words("Results of [password link]", ("[password link] has been published.",))
    write_mails([draft_of(club, [Recipient(person.email, person.pk)], words=words)])

    letter = letter_of(EmailMessage.of_all_organizations.get())

    assert ["[password link] has been published." in form for form in (letter.text, letter.html)] == [True, True]
