"""The recycle bin as a page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import delete_object
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.contests import ContestantFactory, ContestFactory
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db


def browser(organization: Organization, role: Role = Role.ADMIN) -> Client:
    client = Client(HTTP_ACCEPT="text/html")
    client.force_login(member(organization, role))
    return client


def deleted(organization: Organization, **values: str) -> tuple[Event, Deletion]:
    with organization_scope(organization.pk):
        event = EventFactory(organization=organization, **values)
        deletion = delete_object(root=event)
    return event, deletion


@pytest.fixture
def club(db: None) -> Organization:
    organization: Organization = OrganizationFactory()
    return organization


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.ORGANIZER, 403), (Role.JUDGE, 403)]
)
def test_the_bin_is_for_admins_and_owners(role: Role, status: int, club: Organization) -> None:
    assert browser(club, role).get(f"/bin/{club.slug}/").status_code == status


def test_another_organizations_bin_is_not_there(club: Organization) -> None:
    _, deletion = deleted(club)
    other = OrganizationFactory()
    client = browser(other, Role.OWNER)

    assert client.get(f"/bin/{club.slug}/").status_code == 404
    assert client.get(f"/bin/{other.slug}/{deletion.pk}/").status_code == 404
    assert client.post(f"/bin/{other.slug}/{deletion.pk}/").status_code == 404


def test_who_has_one_organization_goes_straight_to_its_bin(club: Organization) -> None:
    assert browser(club).get("/bin/")["Location"] == f"/bin/{club.slug}/"


def test_what_was_deleted_is_found_by_its_name(club: Organization) -> None:
    deleted(club, name="Winter Cup")
    deleted(club, name="Summer Games")

    page = browser(club).get(f"/bin/{club.slug}/?q=winter").content.decode()

    assert ("Winter Cup" in page, "Summer Games" in page) == (True, False)


def test_it_comes_back_and_leaves_the_bin(club: Organization) -> None:
    event, deletion = deleted(club, name="Winter Cup")
    client = browser(club)

    answer = client.post(f"/bin/{club.slug}/{deletion.pk}/", follow=True)

    with organization_scope(club.pk):
        assert Event.objects.filter(pk=event.pk).exists()
    assert "“Winter Cup” is back." in answer.content.decode()
    assert f"/{deletion.pk}/" not in answer.content.decode()
    assert f"/{deletion.pk}/" in client.get(f"/bin/{club.slug}/?state=all").content.decode()


def test_a_taken_name_is_shown_and_solved_by_a_new_one(club: Organization) -> None:
    event, deletion = deleted(club, name="Winter Cup", slug="winter-cup")
    with organization_scope(club.pk):
        EventFactory(organization=club, name="Another Winter Cup", slug="winter-cup")
    client = browser(club)
    url = f"/bin/{club.slug}/{deletion.pk}/"

    asked = client.get(url).content.decode()
    refused = client.post(url, follow=True)
    client.post(url, {f"change:{event.pk}:slug": "winter-cup-2"})

    assert "belongs to “Another Winter Cup” now" in asked
    assert "is back" not in refused.content.decode()
    with organization_scope(club.pk):
        assert Event.objects.get(pk=event.pk).slug == "winter-cup-2"


@pytest.mark.parametrize(("new", "said"), [("0", "contestant_number_positive"), ("7\0", "Null characters")])
def test_a_new_value_that_can_not_be_is_refused_on_the_page(new: str, said: str, club: Organization) -> None:
    with organization_scope(club.pk):
        contestant = ContestantFactory(contest=ContestFactory(organization=club))
        deletion = delete_object(root=contestant)

    answer = browser(club).post(f"/bin/{club.slug}/{deletion.pk}/", {f"change:{contestant.pk}:number": new})

    assert (answer.status_code, said in answer.content.decode()) == (200, True)
    deletion.refresh_from_db(from_queryset=Deletion.of_all_organizations.all())
    assert deletion.state == "deleted"


@pytest.mark.parametrize("page", ["web", "admin"])
def test_what_collides_above_is_asked_about_too_and_nothing_typed_is_lost(page: str, club: Organization) -> None:
    with organization_scope(club.pk):
        event = EventFactory(organization=club, slug="cup")
        contest = ContestFactory(event=event, slug="final")
        deletion = delete_object(root=contest)
        ContestFactory(event=event, slug="final")
        delete_object(root=event)
        EventFactory(organization=club, slug="cup")
    client = browser(club)
    url = f"/bin/{club.slug}/{deletion.pk}/"
    if page == "admin":
        url = reverse("admin:core_deletion_restore", args=[deletion.pk])
    typed = {"with_ancestors": "on"}

    for name, value in ((f"change:{event.pk}:slug", "cup-2"), (f"change:{contest.pk}:slug", "final-2")):
        asked = client.post(url, typed)
        assert [found.input for found in asked.context["collisions"]] == [name]
        html = asked.content.decode()
        assert all(f'name="{kept}"' in html for kept in typed)
        assert " checked>" in html
        typed = {"with_ancestors": "on", **dict(asked.context["kept"]), name: value}
    answer = client.post(url, typed)

    assert answer.status_code == 302
    with organization_scope(club.pk):
        assert Event.objects.get(pk=event.pk).slug == "cup-2"
        assert event.contests.get(pk=contest.pk).slug == "final-2"
