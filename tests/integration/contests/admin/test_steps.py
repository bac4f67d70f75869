"""The steps of contests, contestants and entries in the admin: asked about, taken, refused."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import (
    Certification,
    Contestant,
    Entry,
)
from tests.factories.accounts import member
from tests.factories.contests import (
    certify,
)
from tests.integration.contests.admin.pages import entering, fields_of, page, told
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "step",
    [
        "board",
        "open",
        "start_scoring",
        "remind_judges",
        "lock",
        "sign",
        "publish",
        "freeze",
        "unfreeze",
        "reopen",
        "void",
    ],
)
def test_another_organizations_contest_takes_no_step(step: str) -> None:
    found = arena()
    stranger = entering(member(arena().organization))

    assert stranger.post(page("contest", found.contest, step), {"version": 1, "reason": "x"}).status_code == 404
    assert found.now().status == "scoring"


def step(found: Arena, name: str, role: Role = Role.OWNER, **values: Any) -> list[str]:
    """Take a step of the contest in the version that is shown; what the admin says to that."""
    client = entering(found.person(role))
    asked = client.get(page("contest", found.contest, name))
    assert asked.status_code == 200, asked.status_code
    response = client.post(page("contest", found.contest, name), {**asked.context["form"].initial, **values})
    assert (response.status_code, response.headers.get("Location")) == (302, page("contest", found.contest))
    return told(response)


def test_the_public_board_is_frozen_and_unfrozen_by_buttons() -> None:
    found = arena(name="Ladies", visibility="public", live_board=True)
    found.mark_all()

    said = step(found, "freeze", Role.ORGANIZER)
    board = entering(found.person(Role.ORGANIZER)).get(page("contest", found.contest, "board")).content.decode()
    said += step(found, "freeze", Role.ORGANIZER) + step(found, "unfreeze", Role.ORGANIZER)

    assert said == [
        "Ladies has a frozen public board.",
        "The public board is frozen already.",
        "Ladies has a public board that follows again.",
    ]
    assert "This is the live one." in board
    assert f"/api/v1/public/contests/{found.contest.pk}/leaderboard/" in board
    assert f"/api/v1/contests/{found.contest.pk}/leaderboard/changes/" in board
    assert found.now().frozen_at is None


def test_a_contest_goes_its_whole_way_and_back_by_buttons() -> None:
    found = arena(name="Ladies")
    found.stand("draft")
    said = step(found, "open") + step(found, "start_scoring")
    found.mark_all()
    for name, reason in (("lock", ""), ("reopen", "A mark was wrong"), ("lock", "")):
        said += step(found, name, reason=reason)
    for role in (Role.TALLY_MASTER, Role.AUDITOR, Role.ORGANIZER):
        said += step(found, "sign", role)
    said += step(found, "publish") + step(found, "void", reason="Wrong skater")

    assert said == [
        "Ladies is open for entries.",
        "Ladies is being scored.",
        "Ladies is locked.",
        "Ladies is reopened.",
        "Ladies is locked.",
        "Ladies is signed.",
        "Ladies is signed.",
        "Ladies is signed.",
        "Ladies is published.",
        "Ladies is locked; its certification was voided.",
    ]
    assert found.now().status == "locked"
    with found.scope():
        assert Certification.objects.get().void_reason == "Wrong skater"


def test_looking_at_a_step_takes_none() -> None:
    found = arena()
    found.stand("draft")
    assert entering(found.person(Role.OWNER)).get(page("contest", found.contest, "open")).status_code == 200
    assert found.now().status == "draft"


def test_a_step_that_is_not_allowed_is_refused_with_a_message() -> None:
    found = arena()
    found.stand("draft")
    assert step(found, "lock") == ["A contest that is draft can't do 'lock'; it can do open."]
    assert found.now().status == "draft"


def test_a_lock_without_all_marks_names_the_first_that_are_missing() -> None:
    found = arena()
    said = step(found, "lock")
    assert said[0] == "18 marks are missing. Record them, or record that the judge was absent or abstained."
    assert said[1] == "J1 has not marked Skating skills of number 1."
    assert (len(said), said[-1]) == (12, "… and 8 more.")
    assert found.now().status == "scoring"


def test_judges_who_are_behind_are_reminded_by_a_button() -> None:
    found = arena(name="Ladies")

    said = step(found, "remind_judges", Role.ORGANIZER) + step(found, "remind_judges", Role.TALLY_MASTER)
    found.mark_all()
    said += step(found, "remind_judges")

    nobody = "out of reach: J2 (no address), J3 (no address)."
    assert said == [
        f"Ladies has 1 judge reminded by mail, {nobody}",
        f"Ladies has 1 judge reminded less than an hour ago, {nobody}",
        "Ladies has no judge who is behind.",
    ]


def test_there_is_nothing_to_remind_of_once_the_contest_is_locked() -> None:
    found = arena()
    client = entering(found.person(Role.TALLY_MASTER))

    def titles() -> list[str]:
        shown = client.get(page("contest", found.contest)).context["actions_detail"]
        return [button["title"] for button in shown if button["title"] == "Remind judges"]

    while_scoring = titles()
    found.stand("locked")

    assert (while_scoring, titles()) == (["Remind judges"], [])


def test_a_step_after_somebody_elses_is_refused_with_a_message() -> None:
    found = arena()
    found.mark_all()
    assert step(found, "lock", version=found.now().version - 1)[0].startswith("Version ")
    assert found.now().status == "scoring"


@pytest.mark.parametrize("name", ["reopen", "void"])
def test_a_step_that_needs_a_reason_asks_for_one(name: str) -> None:
    found = arena()
    found.mark_all()
    certify(found.contest, voided=name == "reopen")
    before = found.now().status
    client = entering(found.person(Role.OWNER))

    response = client.post(page("contest", found.contest, name), {"version": found.now().version, "reason": " "})

    assert response.status_code == 200
    assert response.context["form"].errors == {"reason": ["This field is required."]}
    assert found.now().status == before


def test_who_may_not_take_a_step_sees_no_button_and_is_refused() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    organizer = entering(found.person(Role.ORGANIZER))

    buttons = organizer.get(page("contest", found.contest)).context["actions_detail"]
    assert [button["title"] for button in buttons] == ["Board", "Freeze", "Copy"]
    assert organizer.post(page("contest", found.contest, "reopen"), {"version": 1}).status_code == 403
    assert found.now().status == "locked"


def test_a_locked_contest_can_still_be_shown_otherwise() -> None:
    found = arena()
    found.stand("locked")
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("contest", found.contest)))
    assert {"name", "visibility"} < set(values)
    assert not {"slug", "rule", "blind"} & set(values)

    response = client.post(page("contest", found.contest), {**values, "visibility": "public"})

    assert response.status_code == 302, response.context["errors"]
    assert found.now().visibility == "public"


@pytest.mark.parametrize(("step_name", "status"), [("withdraw", "withdrawn"), ("disqualify", "disqualified")])
def test_a_contestant_leaves_and_comes_back(step_name: str, status: str) -> None:
    found = arena()
    contestant = found.entries[0].contestant
    client = entering(found.person(Role.ORGANIZER))

    def now() -> str:
        with found.scope():
            return str(Contestant.objects.get(pk=contestant.pk).status)

    client.post(page("contestant", contestant, step_name), {"version": 1})
    assert now() == status
    client.post(page("contestant", contestant, "reinstate"), {"version": 1})
    assert now() == status
    client.post(page("contestant", contestant, "reinstate"), {"version": 2})
    assert now() == "entered"


def test_an_entry_that_did_not_start_is_recorded_as_that() -> None:
    found = arena()
    client = entering(found.person(Role.ORGANIZER))
    client.post(page("entry", found.entries[0], "no_show"), {"version": 1})
    with found.scope():
        assert Entry.objects.get(pk=found.entries[0].pk).state == "no_show"
