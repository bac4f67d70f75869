"""Buttons of the admin that make something: panels, draws, copies."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Category, Contest, Draw, Entry
from apps.core.ids import new_id
from apps.events.models import Event
from tests.factories.contests import JudgeFactory
from tests.factories.events import EventFactory
from tests.integration.contests.admin.pages import entering, page, told
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


def buttons(found: Arena, role: Role, address: str) -> set[str]:
    context = entering(found.person(role)).get(address).context
    return {button["title"] for button in context["actions_detail"]}


def event_page(event: Any, tail: str = "change") -> str:
    return f"/admin/events/event/{event.pk}/{tail}/"


def test_buttons_are_there_for_who_organizes_as_long_as_they_lead_somewhere() -> None:
    found = arena()
    contest, category = page("contest", found.contest), page("category", found.category)
    tools = {"Fill panels", "Copy"}

    assert buttons(found, Role.ORGANIZER, contest) & tools == tools
    assert buttons(found, Role.TALLY_MASTER, contest) & tools == set()
    assert buttons(found, Role.ORGANIZER, category) == {"Draw the starting order"}
    assert buttons(found, Role.TALLY_MASTER, category) == set()
    assert "Copy" in buttons(found, Role.ORGANIZER, event_page(found.contest.event))
    assert buttons(found, Role.TALLY_MASTER, event_page(found.contest.event)) == set()

    found.mark_all()
    assert buttons(found, Role.ORGANIZER, category) == set()
    found.stand("locked")
    assert buttons(found, Role.ORGANIZER, contest) & tools == {"Copy"}


@pytest.mark.parametrize("tail", ["allocate", "clone"])
def test_who_does_not_organize_is_refused(tail: str) -> None:
    found = arena()
    values = {"seats": 5, "seed": "1", "seat": "1", "name": "Copy", "version": 1}

    assert entering(found.person(Role.AUDITOR)).post(page("contest", found.contest, tail), values).status_code == 403
    assert entering(arena().person(Role.OWNER)).post(page("contest", found.contest, tail), values).status_code == 404
    with found.scope():
        assert (Assignment.objects.count(), Contest.objects.count()) == (3, 1)


def test_the_plan_is_shown_before_its_seed_seats_anybody() -> None:
    found = arena(name="Ladies")
    JudgeFactory.create_batch(3, organization=found.organization, name="Aino")
    client = entering(found.person(Role.ORGANIZER))
    address = page("contest", found.contest, "allocate")

    first = client.get(address)
    values = {"seats": 5, "maximum_load": "", "seed": first.context["form"].initial["seed"]}
    shown = client.post(address, {**values, "plan": "1"})
    planned = [(one.seat, one.judge.pk) for one in shown.context["plan"].seats]
    with found.scope():
        before = Assignment.objects.count()
    done = client.post(address, {**values, "seat": "1"})

    assert (first.status_code, shown.status_code, before) == (200, 200, 3)
    assert [seat for seat, _ in planned] == ["J4", "J5"]
    assert "Aino" in shown.content.decode()
    assert (done.headers["Location"], told(done)) == (
        page("contest", found.contest),
        ["Ladies: 2 seats were filled."],
    )
    with found.scope():
        new = Assignment.objects.exclude(pk__in=[seat.pk for seat in found.seats]).order_by("seat")
        assert list(new.values_list("seat", "judge_id")) == planned


def test_panels_that_can_not_be_filled_are_told_of() -> None:
    found = arena()
    client = entering(found.person(Role.ORGANIZER))

    response = client.post(page("contest", found.contest, "allocate"), {"seats": 9, "seed": "1", "plan": "1"})

    assert response.status_code == 200
    assert [str(message) for message in response.context["messages"]] == [
        "There are not enough judges for these panels.",
        f"{found.category.name}: This panel lacks 6 judges.",
    ]


def test_a_starting_order_is_drawn_on_the_category_and_shown() -> None:
    found = arena()
    client = entering(found.person(Role.ORGANIZER))
    address = page("category", found.category, "draw")

    asked = client.get(address)
    response = client.post(address, {**asked.context["form"].initial, "seed": " 42 "})

    with found.scope():
        draw = Draw.objects.get()
        order = Entry.objects.order_by("starting_order").values_list("contestant_id", flat=True)
        assert [str(key) for key in order] == draw.result
    assert (response.headers["Location"], draw.seed) == (page("draw", draw), "42")
    assert told(response) == [f"{found.category} has a starting order."]


def test_no_order_is_drawn_once_there_are_marks_or_by_who_has_read_an_older_category() -> None:
    found = arena()
    client = entering(found.person(Role.ORGANIZER))
    address = page("category", found.category, "draw")

    with found.scope():
        Category.objects.filter(pk=found.category.pk).update(weight=2)
    stale = client.post(address, {"version": 1, "seed": ""})
    found.mark_all()
    late = client.post(address, {"version": 2, "seed": ""})

    assert told(stale)[0].startswith("Version 1 ")
    assert told(late)[-1:] == ["There are marks in this category: its starting order stays as it is."]
    with found.scope():
        assert Draw.objects.count() == 0


def test_a_contest_is_copied_into_an_event_of_its_organization() -> None:
    found = arena(name="Ladies")
    found.stand("published")
    near, far = EventFactory.create(organization=found.organization), EventFactory.create()
    client = entering(found.person(Role.ORGANIZER))
    address = page("contest", found.contest, "clone")
    values = {**client.get(address).context["form"].initial, "name": "Juniors", "panels": "on"}

    refused = client.post(address, {**values, "event": str(far.pk)})
    response = client.post(address, {**values, "event": str(near.pk)})

    assert (refused.status_code, list(refused.context["form"].errors)) == (200, ["event"])
    with found.scope():
        copy = Contest.objects.get(event=near)
        assert (copy.name, copy.status, copy.slug) == ("Juniors", "draft", "juniors")
        assert Assignment.objects.filter(category__contest=copy).count() == 3
    assert (response.headers["Location"], told(response)) == (
        page("contest", copy),
        ["Ladies was copied; this is the copy."],
    )


def test_an_event_is_copied_with_its_contests() -> None:
    found = arena()
    event = found.contest.event
    client = entering(found.person(Role.ORGANIZER))
    address = event_page(event, "clone")
    values = {**client.get(address).context["form"].initial, "name": "Next year", "starts_at_0": "2027-05-02"}

    backwards = client.post(
        address, {**values, "starts_at_1": "10:00", "ends_at_0": "2027-05-01", "ends_at_1": "10:00"}
    )
    response = client.post(address, {**values, "starts_at_1": "10:00"})

    assert backwards.context["form"].errors == {"ends_at": ["The event ends before it starts."]}
    with found.scope():
        copy = Event.objects.exclude(pk=event.pk).get()
        assert (copy.name, copy.status, Contest.objects.filter(event=copy).count()) == ("Next year", "draft", 1)
    assert response.headers["Location"] == event_page(copy)


def test_only_who_organizes_copies_an_event_and_only_their_own() -> None:
    found = arena()
    values = {"name": "Next year", "version": 1}

    for person in (found.person(Role.AUDITOR), arena().person(Role.OWNER)):
        assert entering(person).post(event_page(found.contest.event, "clone"), values).status_code == 403
    organizer = entering(found.person(Role.ORGANIZER))
    assert organizer.get(f"/admin/events/event/{new_id()}/clone/").status_code == 403
    with found.scope():
        assert Event.objects.count() == 1
