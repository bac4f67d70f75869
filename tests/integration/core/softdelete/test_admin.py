"""Deleting and restoring in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.contests.models import Contest
from apps.core.softdelete import hooks
from apps.core.softdelete.hooks import Affected, Objection
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object
from apps.events.models import Event
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.contests import CategoryFactory
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db

LIST = "admin:events_event_changelist"


@pytest.fixture
def house() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def event(house: Organization) -> Event:
    event: Event = EventFactory.create(organization=house, name="Winter cup", slug="winter-cup")
    for number in range(2):
        Contest.objects.create(organization=house, event=event, name=f"Contest {number}", slug=f"contest-{number}")
    return event


def client(house: Organization, role: Role = Role.OWNER) -> Client:
    browser = Client()
    browser.force_login(member(house, role))
    return browser


def text(response: Any) -> str:
    assert response.status_code == 200, response
    return str(response.content.decode())


def test_the_delete_page_shows_what_goes_and_the_confirmation_takes_it(house: Organization, event: Event) -> None:
    owner, url = client(house), reverse("admin:events_event_delete", args=[event.pk])

    page = text(owner.get(url))
    assert "Delete the event “Winter cup”?" in page
    assert [word in page for word in (">contests<", ">2<", "recycle bin")] == [True, True, True]
    assert Event.objects.count() == 1

    answer = owner.post(url, {"post": "yes", "reason": "Called off"}, follow=True)
    deletion = Deletion.of_all_organizations.get()
    assert (deletion.reason, deletion.counts) == ("Called off", {"events.event": 1, "contests.contest": 2})
    assert reverse("admin:core_deletion_restore", args=[deletion.pk]) in text(answer)


def test_a_delete_that_something_objects_to_offers_no_button(
    house: Organization, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def object_to_all(_affected: Affected) -> list[Objection]:
        return [Objection("CERTIFIED", "A certified contest is below.")]

    monkeypatch.setattr(hooks.may_delete, "_functions", [object_to_all])
    owner, url = client(house), reverse("admin:events_event_delete", args=[event.pk])

    page = text(owner.get(url))
    assert ("A certified contest is below." in page, 'type="submit"' in page.split("<form")[-1]) == (True, False)

    assert "A certified contest is below." in text(owner.post(url, {"post": "yes"}))
    assert Event.objects.count() == 1


def test_selected_rows_are_deleted_once_that_is_confirmed(house: Organization, event: Event) -> None:
    other = EventFactory.create(organization=house, name="Spring cup")
    owner, url = client(house), reverse(LIST)
    chosen = {"action": "delete_selected", "_selected_action": [str(event.pk), str(other.pk)]}

    page = text(owner.post(url, chosen))
    assert ("Delete 2 events?" in page, Event.objects.count()) == (True, 2)

    answer = owner.post(url, {**chosen, "post": "yes", "reason": "Season over"}, follow=True)
    assert "2 events deleted, 4 rows in all." in text(answer)
    assert Deletion.of_all_organizations.filter(reason="Season over").count() == 2


def test_the_list_shows_live_rows_until_deleted_ones_are_asked_for(house: Organization, event: Event) -> None:
    delete_object(root=event)
    EventFactory.create(organization=house, name="Spring cup")
    owner = client(house)

    live, deleted, both = (
        text(owner.get(reverse(LIST), query)) for query in ({}, {"state": "deleted"}, {"state": "all"})
    )

    names = ("Winter cup", "Spring cup")
    shown = [tuple(name in page for name in names) for page in (live, deleted, both)]
    assert shown == [(False, True), (True, False), (True, True)]


def test_those_who_do_not_keep_the_bin_see_live_rows_only(house: Organization, event: Event) -> None:
    delete_object(root=event)

    page = client(house, Role.ORGANIZER).get(reverse(LIST), {"state": "deleted"})

    assert "Winter cup" not in page.content.decode()


def test_a_deleted_row_is_shown_with_the_way_back_and_can_not_be_changed(house: Organization, event: Event) -> None:
    deletion = delete_object(root=event)
    owner, url = client(house), reverse("admin:events_event_change", args=[event.pk])

    page = text(owner.get(url))
    assert reverse("admin:core_deletion_restore", args=[deletion.pk]) in page
    assert owner.post(url, {"name": "Changed"}).status_code == 403


def test_selected_rows_are_restored(house: Organization, event: Event) -> None:
    delete_object(root=event)
    chosen = {"action": "restore_selected", "_selected_action": [str(event.pk)]}

    answer = client(house).post(f"{reverse(LIST)}?state=deleted", chosen, follow=True)

    assert "1 event restored." in text(answer)
    assert Contest.objects.count() == 2


def test_a_collision_leads_to_a_page_that_asks_for_a_new_value(house: Organization, event: Event) -> None:
    deletion = delete_object(root=event)
    EventFactory.create(organization=house, name="Newcomer", slug="winter-cup")
    owner, url = client(house), reverse("admin:core_deletion_restore", args=[deletion.pk])
    chosen = {"action": "restore_selected", "_selected_action": [str(event.pk)]}

    page = text(owner.post(f"{reverse(LIST)}?state=deleted", chosen, follow=True))
    assert [found in page for found in ("Newcomer", "winter-cup", f"change:{event.pk}:slug")] == [True, True, True]

    answer = owner.post(url, {f"change:{event.pk}:slug": "winter-cup-2"}, follow=True)
    assert "“Winter cup” is back." in text(answer)
    assert Event.objects.get(pk=event.pk).slug == "winter-cup-2"


def test_history_tells_who_did_what(house: Organization, event: Event) -> None:
    person = member(house, Role.OWNER, full_name="Olivia Ahonen")
    browser = Client()
    browser.force_login(person)
    browser.post(reverse("admin:events_event_delete", args=[event.pk]), {"post": "yes"})
    browser.post(reverse("admin:core_deletion_restore", args=[Deletion.of_all_organizations.get().pk]))

    page = text(browser.get(reverse("admin:events_event_history", args=[event.pk])))

    assert [page.count(word) for word in ("<strong", "Created", "Deleted", "Restored")][1:] == [1, 1, 1]
    assert "by Olivia Ahonen" in page


class TestBin:
    def test_it_lists_what_was_deleted_and_by_whom(self, house: Organization, event: Event) -> None:
        person = member(house, Role.ADMIN)
        delete_object(root=event, actor_id=person.pk, reason="Called off")

        page = text(client(house, Role.ADMIN).get(reverse("admin:core_deletion_changelist"), {"q": "winter"}))

        assert [word in page for word in ("Winter cup", person.email, "In the recycle bin", "Event")] == [True] * 4
        assert client(house, Role.ORGANIZER).get(reverse("admin:core_deletion_changelist")).status_code == 403

    def test_one_deletion_shows_what_it_holds(self, house: Organization, event: Event) -> None:
        deletion = delete_object(root=event)

        page = text(client(house).get(reverse("admin:core_deletion_change", args=[deletion.pk])))

        assert [word in page for word in ("Contest 0", "Contest 1", "Legal hold", "Purge", "Restore")] == [True] * 5

    def test_another_organizations_deletion_is_not_there(self, house: Organization) -> None:
        deletion = delete_object(root=EventFactory.create())
        owner = client(house)

        for name in ("change", "restore", "purge"):
            assert owner.get(reverse(f"admin:core_deletion_{name}", args=[deletion.pk])).status_code == 404

    def test_a_hold_is_set_and_ended(self, house: Organization, event: Event) -> None:
        deletion, owner = delete_object(root=event), client(house)
        url = reverse("admin:core_deletion_hold", args=[deletion.pk])

        held = []
        for hold in ("on", "off"):
            owner.post(url, {"hold": hold})
            held.append(Deletion.of_all_organizations.get().legal_hold)

        assert held == [True, False]

    def test_the_page_says_what_goes_now_and_what_was_deleted_before_goes_too(
        self, house: Organization, event: Event
    ) -> None:
        category = CategoryFactory.create(contest=event.contests.first(), name="Short program")
        delete_object(root=category)
        deletion = delete_object(root=event)
        Deletion.of_all_organizations.filter(pk=deletion.pk).update(counts={})  # what it holds may be more by now

        page = client(house).get(reverse("admin:core_deletion_purge", args=[deletion.pk]))

        assert page.context["goes"] == [("event", 1), ("contests", 2)]
        assert "goes with it:\n    category “Short program”." in text(page)

    def test_an_owner_purges_by_typing_the_label(self, house: Organization, event: Event) -> None:
        deletion = delete_object(root=event)
        url = reverse("admin:core_deletion_purge", args=[deletion.pk])

        assert client(house, Role.ADMIN).get(url).status_code == 403
        assert "Type the label" in text(client(house).post(url, {"label": "winter"}))
        assert "is being purged" in text(client(house).post(url, {"label": "Winter cup"}, follow=True))
        assert Deletion.of_all_organizations.get().state == DeletionState.PURGING

    def test_the_forecast_says_what_goes_when(self, house: Organization, event: Event) -> None:
        delete_object(root=event)

        page = text(client(house).get(reverse("admin:core_deletion_forecast")))

        assert [word in page for word in ("The next 60 days", "No legal holds", ">3<")] == [True, True, True]

    def test_a_deletion_below_another_says_so(self, house: Organization, event: Event) -> None:
        child = delete_object(root=Contest.objects.order_by("slug")[0])
        parent = delete_object(root=event)
        owner, url = client(house), reverse("admin:core_deletion_restore", args=[child.pk])

        page = text(owner.get(url))
        assert (str(parent.pk) in page, 'name="with_ancestors"' in page) == (True, True)

        owner.post(url, {"with_ancestors": "on"})
        assert Contest.objects.count() == 2
