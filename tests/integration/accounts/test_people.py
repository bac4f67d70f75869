"""Organizations and their members over the API."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.errors import Refused
from apps.core.softdelete.services import delete_object, plan_restore, restore_deletion
from apps.core.tenancy import platform_scope
from tests.api import anonymous, ids, pointers, problem, signed_in
from tests.factories.accounts import MembershipFactory, OperatorFactory, OrganizationFactory, UserFactory, member
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db

MEMBERS = "/api/v1/memberships/"
ORGANIZATIONS = "/api/v1/organizations/"


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create(slug="ice", name="Ice club")
    return organization


@pytest.fixture
def alice(ice: Organization) -> User:
    return member(ice, email="alice@example.org", full_name="Alice")


def delete(row: SoftDeletedModel) -> None:
    with platform_scope("a test"):
        row.delete()


def membership_of(user: User) -> Membership:
    found: Membership = Membership.objects.get(user=user)
    return found


class TestActing:
    """In which organization a request acts."""

    def test_a_person_with_one_organization_acts_in_it(self, alice: User, ice: Organization) -> None:
        assert ids(signed_in(alice).get(ORGANIZATIONS)) == [ice.pk]

    def test_a_person_with_several_has_to_say_which(self, alice: User) -> None:
        snow = MembershipFactory.create(user=alice, organization__slug="snow", role=Role.VIEWER).organization
        body = problem(signed_in(alice).get(ORGANIZATIONS), 400, "ORGANIZATION_REQUIRED")
        assert pointers(body) == [("X-Organization", "REQUIRED")]
        assert "ice, snow" in body["detail"]
        assert ids(signed_in(alice, snow).get(ORGANIZATIONS)) == [snow.pk]

    def test_the_role_is_that_of_the_organization_acted_in(self, alice: User, ice: Organization) -> None:
        snow = MembershipFactory.create(user=alice, organization__slug="snow", role=Role.VIEWER).organization
        for organization, status in ((ice, 200), (snow, 403)):
            url = f"{ORGANIZATIONS}{organization.pk}/"
            assert signed_in(alice, organization).patch(url, {"name": "New name"}).status_code == status

    def test_another_organization_can_not_be_told_from_one_that_does_not_exist(self, alice: User) -> None:
        strange = OrganizationFactory.create(slug="strange")
        there = problem(signed_in(alice, strange).get(ORGANIZATIONS), 404, "NOT_FOUND")
        nowhere = problem(signed_in(alice, Organization(slug="nowhere")).get(ORGANIZATIONS), 404, "NOT_FOUND")
        assert there["detail"] == nowhere["detail"]

    def test_staff_name_an_organization_that_exists(self, ice: Organization) -> None:
        operator = OperatorFactory.create()
        assert ids(signed_in(operator, ice).get(ORGANIZATIONS)) == [ice.pk]
        problem(signed_in(operator, Organization(slug="nowhere")).get(ORGANIZATIONS), 404, "NOT_FOUND")

    def test_a_person_without_an_organization_sees_nothing(self, ice: Organization) -> None:
        problem(signed_in(UserFactory.create()).get(ORGANIZATIONS), 403, "FORBIDDEN")

    def test_the_browsable_api_acts_where_the_session_says(self, alice: User, ice: Organization) -> None:
        snow = MembershipFactory.create(user=alice, organization__slug="snow").organization
        client = signed_in(alice)
        client.credentials()
        client.force_login(alice)
        session = client.session
        session["podium_organization"] = "snow"
        session.save()
        assert ids(client.get(ORGANIZATIONS)) == [snow.pk]
        membership_of_snow = Membership.objects.get(user=alice, organization=snow)
        MembershipFactory.create(organization=snow)
        delete(membership_of_snow)
        assert ids(client.get(ORGANIZATIONS)) == [ice.pk]

    def test_a_browser_that_has_chosen_nothing_acts_in_the_first_by_name(
        self, alice: User, ice: Organization
    ) -> None:
        MembershipFactory.create(user=alice, organization__slug="snow", organization__name="Snow club")
        client = anonymous()
        client.force_login(alice)
        assert ids(client.get(ORGANIZATIONS)) == [ice.pk]

    def test_staff_act_in_a_browser_where_their_session_says(self, ice: Organization) -> None:
        event = EventFactory.create(organization=ice)
        EventFactory.create()
        client = anonymous()
        client.force_login(OperatorFactory.create())
        assert len(ids(client.get("/api/v1/events/"))) == 2
        session = client.session
        session["podium_organization"] = "ice"
        session.save()
        assert ids(client.get("/api/v1/events/")) == [event.pk]
        session["podium_organization"] = "gone"
        session.save()
        assert len(ids(client.get("/api/v1/events/"))) == 2

    @pytest.mark.parametrize("what", ["membership", "organization"])
    def test_access_ends_with_the_membership_and_the_organization(
        self, alice: User, ice: Organization, what: str
    ) -> None:
        client = signed_in(alice)
        MembershipFactory.create(organization=ice)
        delete(membership_of(alice) if what == "membership" else ice)
        problem(client.get(ORGANIZATIONS), 403, "FORBIDDEN")


class TestOrganizations:
    """The organization itself."""

    def test_every_member_reads_it(self, alice: User, ice: Organization) -> None:
        viewer = member(ice, Role.VIEWER)
        body = signed_in(viewer).get(f"{ORGANIZATIONS}{ice.pk}/").json()
        assert (body["name"], body["slug"], body["retention_days"]) == ("Ice club", "ice", 30)

    def test_owners_and_admins_change_it(self, alice: User, ice: Organization) -> None:
        url = f"{ORGANIZATIONS}{ice.pk}/"
        admin = member(ice, Role.ADMIN)
        assert signed_in(admin).patch(url, {"retention_days": 90}).json()["retention_days"] == 90
        problem(signed_in(member(ice, Role.ORGANIZER)).patch(url, {"retention_days": 1}), 403, "FORBIDDEN")

    @pytest.mark.parametrize(
        ("field", "value"),
        [("retention_days", 0), ("retention_days", 3651), ("timezone", "Europe/Atlantis"), ("slug", "no spaces")],
    )
    def test_bad_values_are_named(self, alice: User, ice: Organization, field: str, value: object) -> None:
        body = problem(signed_in(alice).patch(f"{ORGANIZATIONS}{ice.pk}/", {field: value}), 422, "INVALID")
        assert [pointer for pointer, _ in pointers(body)] == [f"#/{field}"]

    def test_staff_found_organizations_with_an_owner(self, alice: User) -> None:
        client = signed_in(OperatorFactory.create())
        body = {"name": "Snow club", "owner_email": "ALICE@example.org"}
        created = client.post(ORGANIZATIONS, body)
        assert created.status_code == 201
        assert created.json()["slug"] == "snow-club"
        assert Membership.objects.get(organization_id=created.json()["id"]).user_id == alice.pk
        assert client.post(ORGANIZATIONS, body).json()["slug"] == "snow-club-2"
        body = problem(client.post(ORGANIZATIONS, {**body, "owner_email": "x@example.org"}), 422, "INVALID")
        assert pointers(body) == [("#/owner_email", "UNKNOWN_USER")]

    def test_members_found_none(self, alice: User) -> None:
        body = {"name": "Mine", "owner_email": "alice@example.org"}
        problem(signed_in(alice).post(ORGANIZATIONS, body), 403, "FORBIDDEN")

    def test_only_its_owner_deletes_it(self, alice: User, ice: Organization) -> None:
        url = f"{ORGANIZATIONS}{ice.pk}/"
        problem(signed_in(member(ice, Role.ADMIN)).delete(url), 403, "FORBIDDEN")
        assert signed_in(alice).delete(url).status_code == 204
        assert not Organization.objects.filter(pk=ice.pk).exists()


class TestMembers:
    """Who belongs to it."""

    def test_admins_see_everybody_and_others_themselves(self, alice: User, ice: Organization) -> None:
        judge = member(ice, Role.JUDGE)
        MembershipFactory.create()
        assert set(ids(signed_in(alice).get(MEMBERS))) == {membership_of(alice).pk, membership_of(judge).pk}
        assert ids(signed_in(judge).get(MEMBERS)) == [membership_of(judge).pk]
        problem(signed_in(judge).get(f"{MEMBERS}{membership_of(alice).pk}/"), 404, "NOT_FOUND")

    def test_they_are_filtered_by_role_and_found_by_name(self, alice: User, ice: Organization) -> None:
        judge = member(ice, Role.JUDGE, full_name="Dorothy")
        client = signed_in(alice)
        assert ids(client.get(f"{MEMBERS}?role=judge")) == [membership_of(judge).pk]
        assert ids(client.get(f"{MEMBERS}?search=doro")) == [membership_of(judge).pk]
        body = problem(client.get(f"{MEMBERS}?role=king"), 400, "MALFORMED_REQUEST")
        assert pointers(body) == [("?role", "INVALID")]

    def test_a_person_is_added_by_email(self, alice: User, ice: Organization) -> None:
        body = {"email": "dora@example.org", "full_name": "Dora", "role": "judge"}
        created = signed_in(alice).post(MEMBERS, body)
        assert created.status_code == 201
        assert (created.json()["email"], created.json()["role"]) == ("dora@example.org", "judge")
        dora = User.objects.get(email="dora@example.org")
        assert not dora.has_usable_password()
        assert OutboxMessage.objects.filter(type="member.added", organization_id=ice.pk).count() == 1

    def test_somebody_who_has_an_account_keeps_it(self, alice: User, ice: Organization) -> None:
        dora = UserFactory.create(email="dora@example.org", full_name="Dora")
        created = signed_in(alice).post(MEMBERS, {"email": "DORA@example.org", "full_name": "X", "role": "judge"})
        assert (created.json()["user"], created.json()["full_name"]) == (str(dora.pk), "Dora")

    def test_nobody_is_a_member_twice(self, alice: User) -> None:
        body = problem(signed_in(alice).post(MEMBERS, {"email": alice.email, "role": "judge"}), 409, "ALREADY_EXISTS")
        assert pointers(body) == [("#/user", "ALREADY_EXISTS")]

    @pytest.mark.parametrize("field", ["organization", "organization_id", "deleted_at", "is_staff"])
    def test_what_is_not_the_callers_to_set_is_refused(self, alice: User, field: str) -> None:
        body = {"email": "dora@example.org", "role": "judge", field: str(OrganizationFactory.create().pk)}
        assert pointers(problem(signed_in(alice).post(MEMBERS, body), 422, "INVALID")) == [
            (f"#/{field}", "UNKNOWN_FIELD")
        ]

    def test_roles_change(self, alice: User, ice: Organization) -> None:
        judge = member(ice, Role.JUDGE)
        url = f"{MEMBERS}{membership_of(judge).pk}/"
        assert signed_in(alice).patch(url, {"role": "auditor"}).json()["role"] == "auditor"
        assert OutboxMessage.objects.filter(type="member.role_changed").count() == 1

    def test_only_owners_make_and_unmake_owners(self, alice: User, ice: Organization) -> None:
        admin, judge = member(ice, Role.ADMIN), member(ice, Role.JUDGE)
        client = signed_in(admin)
        problem(client.post(MEMBERS, {"email": "x@example.org", "role": "owner"}), 403, "OWNER_NEEDED")
        problem(client.patch(f"{MEMBERS}{membership_of(judge).pk}/", {"role": "owner"}), 403, "OWNER_NEEDED")
        problem(client.patch(f"{MEMBERS}{membership_of(alice).pk}/", {"role": "judge"}), 403, "OWNER_NEEDED")
        problem(client.delete(f"{MEMBERS}{membership_of(alice).pk}/"), 403, "OWNER_NEEDED")
        assert signed_in(alice).patch(f"{MEMBERS}{membership_of(judge).pk}/", {"role": "owner"}).status_code == 200

    def test_only_owners_bring_owners_back(self, alice: User, ice: Organization) -> None:
        second, admin = member(ice, Role.OWNER), member(ice, Role.ADMIN)
        removed = signed_in(alice, ice).delete(f"/api/v1/memberships/{second.memberships.get().pk}/")
        url = f"/api/v1/deletions/{removed['X-Deletion-ID']}/"

        plan = signed_in(admin).get(f"{url}restore-plan/").json()
        refused = problem(signed_in(admin).post(f"{url}restore/"), 409, "REFUSED")

        assert [found["code"] for found in plan["objections"]] == ["OWNER_NEEDED"]
        assert refused["objections"] == plan["objections"]
        assert signed_in(alice, ice).post(f"{url}restore/").status_code == 200

    def test_a_member_leaves(self, alice: User, ice: Organization) -> None:
        judge = member(ice, Role.JUDGE)
        client = signed_in(judge)
        assert client.delete(f"{MEMBERS}{membership_of(judge).pk}/").status_code == 204
        problem(client.get(MEMBERS), 403, "FORBIDDEN")


class TestLastOwner:
    """An organization always has an owner."""

    def test_the_last_one_can_not_leave(self, alice: User) -> None:
        problem(signed_in(alice).delete(f"{MEMBERS}{membership_of(alice).pk}/"), 409, "LAST_OWNER")

    def test_nor_become_something_else(self, alice: User) -> None:
        url = f"{MEMBERS}{membership_of(alice).pk}/"
        problem(signed_in(alice).patch(url, {"role": "viewer"}), 409, "LAST_OWNER")

    def test_one_of_two_can(self, alice: User, ice: Organization) -> None:
        member(ice)
        assert signed_in(alice).delete(f"{MEMBERS}{membership_of(alice).pk}/").status_code == 204

    def test_deleting_the_person_is_refused_too(self, alice: User) -> None:
        with pytest.raises(Exception, match="without an owner") as refusal:
            delete(alice)
        assert refusal.value.code == "REFUSED"

    def test_deleting_the_whole_organization_is_not(self, alice: User, ice: Organization) -> None:
        with transaction.atomic():
            delete(ice)
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_the_organization_comes_back_once_an_owner_of_it_has(self, alice: User, ice: Organization) -> None:
        with platform_scope("a test deletes and restores"):
            organization, person = delete_object(root=ice), delete_object(root=alice)
            plan = plan_restore(deletion=organization)
            with pytest.raises(Refused):
                restore_deletion(deletion=organization)
            restore_deletion(deletion=person)
            restore_deletion(deletion=organization)

        assert [(found.code, found.ids) for found in plan.objections] == [("OWNER_DELETED", (alice.pk,))]
        assert alice.memberships.get(organization=ice).role == Role.OWNER

    def test_the_database_refuses_whoever_writes(self, alice: User) -> None:
        Membership._base_manager.filter(user=alice).update(role=Role.JUDGE)
        with pytest.raises(IntegrityError, match="always has an owner"), transaction.atomic():
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        Membership._base_manager.filter(user=alice).update(role=Role.OWNER)

    @pytest.mark.django_db(transaction=True)
    def test_of_two_owners_who_leave_at_once_one_stays(self) -> None:
        ice = OrganizationFactory.create()
        owners = [member(ice), member(ice)]
        outcomes: list[int] = []
        ready = threading.Barrier(2)

        def leave(owner: User) -> None:
            client = signed_in(owner)
            ready.wait(timeout=10)
            outcomes.append(client.delete(f"{MEMBERS}{membership_of(owner).pk}/").status_code)
            connection.close()

        threads = [threading.Thread(target=leave, args=(owner,)) for owner in owners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert sorted(outcomes) == [204, 409]
        assert Membership.objects.filter(organization=ice, role=Role.OWNER).count() == 1


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_of_members_takes_the_same_number_of_queries(
    alice: User, ice: Organization, rows: int, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        member(ice, Role.JUDGE)
    client = signed_in(alice)
    with django_assert_num_queries(3):
        assert len(ids(client.get(MEMBERS))) == rows + 1
