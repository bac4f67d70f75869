"""People and organizations in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.enums import Role, SessionEnd
from apps.accounts.models import Membership, Organization, TokenFamily, User
from tests.api import signed_in
from tests.factories.accounts import (
    PASSWORD,
    MembershipFactory,
    OperatorFactory,
    OrganizationFactory,
    UserFactory,
    member,
)

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(view: str, *args: object) -> str:
    return reverse(f"admin:accounts_{view}", args=args)


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create(slug="ice", name="Ice club")
    return organization


@pytest.fixture
def alice(ice: Organization) -> User:
    return member(ice, full_name="Alice", email="alice@example.org")


@pytest.fixture
def operator() -> User:
    user: User = OperatorFactory.create()
    return user


class TestEntering:
    """Who gets in."""

    @pytest.mark.parametrize(
        ("role", "status"),
        [(Role.OWNER, 200), (Role.AUDITOR, 200), (Role.JUDGE, 302), (Role.VIEWER, 302), (Role.DATA_SCIENTIST, 302)],
    )
    def test_it_is_for_roles_that_organize_and_oversee(self, ice: Organization, role: Role, status: int) -> None:
        assert browser(member(ice, role)).get("/admin/").status_code == status

    def test_signing_in_is_by_email_and_password(self, alice: User) -> None:
        client = Client()
        page = client.post("/admin/login/?next=/admin/", {"username": "ALICE@example.org", "password": PASSWORD})
        assert (page.status_code, page["Location"]) == (302, "/admin/")
        assert client.get("/admin/").status_code == 200

    def test_the_menu_shows_what_the_role_may_see(self, ice: Organization, alice: User, operator: User) -> None:
        def titles(user: User) -> set[str]:
            groups = browser(user).get("/admin/").context["sidebar_navigation"]
            return {item["title"] for group in groups for item in group["items"] if item["has_permission"]}

        owners, auditors, staff = titles(alice), titles(member(ice, Role.AUDITOR)), titles(operator)
        assert owners - auditors == {"Deliveries", "Endpoints", "Mails", "Members", "Recycle bin", "Suppressed"}
        assert staff - owners == {"Failed tasks", "Outbox", "People", "Schedule", "Task results"}

    def test_the_front_page_is_the_menu(self, alice: User) -> None:
        page = browser(alice).get("/admin/")
        places = page.content.decode().partition('id="places"')[2]
        menu = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
        assert {str(item["link"]): f'href="{item["link"]}"' in places for item in menu} == {
            str(item["link"]): item["has_permission"] for item in menu
        }

    def test_a_wrong_password_says_so(self, alice: User) -> None:
        page = Client().post("/admin/login/", {"username": alice.email, "password": "wrong"})
        assert "belong together" in page.content.decode()

    def test_a_deleted_person_is_out_at_once(self, ice: Organization, alice: User, operator: User) -> None:
        member(ice)
        client = browser(alice)
        assert client.get("/admin/").status_code == 200
        assert browser(operator).post(url("user_delete", alice.pk), {"post": "yes"}).status_code == 302
        assert client.get("/admin/").status_code == 302


class TestUsers:
    """For the platform's staff."""

    def test_members_see_none(self, alice: User) -> None:
        assert browser(alice).get(url("user_changelist")).status_code == 403

    def test_the_list_shows_people_and_how_many_organizations_they_have(self, alice: User, operator: User) -> None:
        MembershipFactory.create(user=alice)
        page = browser(operator).get(url("user_changelist"), {"q": "alice"})
        rows = page.context["cl"].result_list
        assert [(user.email, user.organization_count) for user in rows] == [("alice@example.org", 2)]

    def test_it_takes_the_same_number_of_queries_for_one_and_for_many(self, operator: User) -> None:
        client = browser(operator)
        counts = []
        for people in (1, 20):
            MembershipFactory.create_batch(people)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url("user_changelist")).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_somebody_new_can_sign_in(self, operator: User) -> None:
        body = {
            "email": "bob@example.org",
            "full_name": "Bob",
            "usable_password": "true",
            "password1": "a long enough one",
            "password2": "a long enough one",
        }
        page = browser(operator).post(url("user_add"), body)
        assert page.status_code == 302, page.context["adminform"].form.errors
        assert User.objects.get(email="bob@example.org").check_password("a long enough one")

    def test_an_address_that_is_taken_is_explained(self, alice: User, operator: User) -> None:
        body = {"email": "ALICE@example.org", "usable_password": "false", "password1": "", "password2": ""}
        page = browser(operator).post(url("user_add"), body, follow=True)
        assert User.objects.filter(email__iexact="alice@example.org").count() == 1
        assert "exists" in page.content.decode()

    def test_a_new_password_ends_every_session(self, alice: User, operator: User) -> None:
        client = signed_in(alice)
        body = {"usable_password": "true", "password1": "a long enough one", "password2": "a long enough one"}
        page = browser(operator).post(reverse("admin:auth_user_password_change", args=[alice.pk]), body)
        assert page.status_code == 302
        alice.refresh_from_db()
        assert alice.check_password("a long enough one")
        assert client.get("/api/v1/auth/me/").status_code == 401

    def test_somebody_can_be_left_without_a_password(self, alice: User, operator: User) -> None:
        page = browser(operator).post(
            reverse("admin:auth_user_password_change", args=[alice.pk]),
            {"usable_password": "false", "password1": "", "password2": "", "unset-password": "1"},
        )
        assert page.status_code == 302
        alice.refresh_from_db()
        assert not alice.has_usable_password()
        assert Client().login(username=alice.email, password=PASSWORD) is False

    def test_switching_somebody_off_ends_their_sessions_for_good(self, alice: User, operator: User) -> None:
        client, hers = signed_in(alice), browser(alice)
        body = {"email": alice.email, "full_name": "Alice", "version_read": alice.version}
        assert browser(operator).post(url("user_change", alice.pk), body).status_code == 302
        assert client.get("/api/v1/auth/me/").status_code == 401
        assert TokenFamily.objects.get().ended_by == SessionEnd.REMOVED
        User.objects.filter(pk=alice.pk).update(is_active=True)
        assert hers.get("/admin/").status_code == 302


class TestMembers:
    """Of the organization acted in."""

    def test_the_list_shows_its_own_members_only(self, ice: Organization, alice: User) -> None:
        judge = member(ice, Role.JUDGE)
        MembershipFactory.create()
        rows = browser(alice).get(url("membership_changelist")).context["cl"].result_list
        assert {membership.user_id for membership in rows} == {alice.pk, judge.pk}

    def test_another_organizations_member_is_not_there(self, alice: User) -> None:
        strange = MembershipFactory.create()
        for view in ("membership_change", "membership_delete"):
            assert browser(alice).get(url(view, strange.pk)).status_code == 404
        assert Membership.objects.filter(pk=strange.pk).exists()

    def test_organizers_see_none(self, ice: Organization) -> None:
        assert browser(member(ice, Role.ORGANIZER)).get(url("membership_changelist")).status_code == 403

    def test_somebody_becomes_a_member_by_email(self, ice: Organization, alice: User) -> None:
        client = browser(alice)
        assert client.get(url("membership_add")).status_code == 200
        body = {"email": "bob@example.org", "full_name": "Bob", "role": "judge"}
        assert client.post(url("membership_add"), body).status_code == 302
        made = Membership.objects.get(user__email="bob@example.org")
        assert (made.organization_id, made.role, made.user.full_name) == (ice.pk, "judge", "Bob")

    def test_nobody_becomes_one_twice(self, alice: User) -> None:
        page = browser(alice).post(url("membership_add"), {"email": alice.email, "role": "judge"}, follow=True)
        assert messages(page) == ["A membership with this user exists already."]

    def test_a_role_changes(self, ice: Organization, alice: User) -> None:
        membership = Membership.objects.get(user=member(ice, Role.JUDGE))
        assert (
            browser(alice)
            .post(url("membership_change", membership.pk), {"role": "auditor", "version_read": 1})
            .status_code
            == 302
        )
        membership.refresh_from_db()
        assert membership.role == "auditor"

    def test_the_last_owner_stays(self, alice: User) -> None:
        membership = Membership.objects.get(user=alice)
        page = browser(alice).post(
            url("membership_change", membership.pk), {"role": "viewer", "version_read": 1}, follow=True
        )
        assert messages(page) == ["Make somebody else an owner first."]
        membership.refresh_from_db()
        assert membership.role == "owner"

    def test_admins_make_no_owners(self, ice: Organization) -> None:
        body = {"email": "bob@example.org", "full_name": "", "role": "owner"}
        page = browser(member(ice, Role.ADMIN)).post(url("membership_add"), body, follow=True)
        assert messages(page) == ["Only an owner makes, changes or removes owners."]
        assert not User.objects.filter(email="bob@example.org").exists()

    def test_staff_choose_an_organization_first(self, operator: User) -> None:
        assert browser(operator).get(url("membership_add")).status_code == 403


class TestOrganizations:
    """The one acted in, and the choice of it."""

    def test_members_see_their_own(self, ice: Organization, alice: User) -> None:
        OrganizationFactory.create()
        assert list(browser(alice).get(url("organization_changelist")).context["cl"].result_list) == [ice]

    def test_staff_see_all_with_their_members(self, alice: User, operator: User) -> None:
        rows = browser(operator).get(url("organization_changelist")).context["cl"].result_list
        assert [(row.name, row.member_count) for row in rows] == [("Ice club", 1)]

    def test_its_retention_changes_and_its_time_zone_exists(self, ice: Organization, alice: User) -> None:
        body = {
            "name": "Ice",
            "slug": "ice",
            "timezone": "Europe/Helsinki",
            "retention_days": "90",
            "version_read": 1,
        }
        client = browser(alice)
        assert client.post(url("organization_change", ice.pk), body).status_code == 302
        ice.refresh_from_db()
        assert ice.retention_days == 90
        page = client.post(url("organization_change", ice.pk), {**body, "timezone": "Mars/Base"})
        assert page.context["adminform"].form.errors["timezone"] == [
            "This is not an IANA time zone, such as Europe/Helsinki."
        ]

    def test_a_person_with_several_chooses_one(self, ice: Organization, alice: User) -> None:
        snow = MembershipFactory.create(user=alice, organization__slug="snow", organization__name="Snow").organization
        client = browser(alice)
        page = client.get("/admin/")
        assert (page.context["site_subheader"], page.context["account_links"][0]["title"]) == (
            "Ice club",
            "Switch organization",
        )
        choices = client.get(url("organization_switch")).context
        assert [o.slug for o in choices["organizations"]] == ["ice", "snow"]
        assert choices["current_id"] == ice.pk
        page = client.post(url("organization_switch"), {"organization": "snow"}, follow=True)
        assert messages(page) == ["You now act in Snow."]
        assert list(client.get(url("organization_changelist")).context["cl"].result_list) == [snow]

    def test_nobody_chooses_anothers(self, alice: User) -> None:
        OrganizationFactory.create(slug="strange")
        for slug in ("strange", "", "nowhere"):
            page = browser(alice).post(url("organization_switch"), {"organization": slug}, follow=True)
            assert messages(page) == ["You can't act in this organization."]

    def test_who_has_one_organization_is_offered_no_choice(self, alice: User) -> None:
        assert [link["title"] for link in browser(alice).get("/admin/").context["account_links"]] == [
            "Change password"
        ]

    def test_staff_act_in_one_or_in_all(self, ice: Organization, operator: User) -> None:
        UserFactory.create()
        member(OrganizationFactory.create())
        member(ice)
        client = browser(operator)
        client.post(url("organization_switch"), {"organization": "ice"})
        assert len(client.get(url("membership_changelist")).context["cl"].result_list) == 1
        assert client.get(url("membership_add")).status_code == 200
        page = client.post(url("organization_switch"), {"organization": ""}, follow=True)
        assert messages(page) == ["You now act in all organizations."]
        assert len(client.get(url("membership_changelist")).context["cl"].result_list) == 2
