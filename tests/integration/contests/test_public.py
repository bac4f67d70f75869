"""What anybody may read of a contest, and what of it stays the members' own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.contests.models import BoardFreeze, Contest, Contestant, Score
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.events.models import Event
from tests.api import anonymous, problem
from tests.factories.contests import ContestFactory, certify
from tests.integration.contests.arena import API, Arena, arena

pytestmark = pytest.mark.django_db


def shown(**contest: Any) -> Arena:
    """Everybody may know of the contest; marks 5, 4 and 3."""
    found = arena(**{"visibility": "public", **contest})
    with found.scope():
        Event.objects.filter(pk=found.contest.event_id).update(status="live")
    found.mark_all()
    return found


def url(found: Arena, tail: str = "") -> str:
    return f"{API}/public/contests/{found.contest.pk}/{tail}"


def board(found: Arena, client: APIClient | None = None) -> dict[str, Any]:
    response = (client or anonymous()).get(url(found, "leaderboard/"))
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def places(body: dict[str, Any]) -> list[tuple[int, int | None, str | None]]:
    return [(row["contestant"]["number"], row["rank"], row["total"]) for row in body["rows"]]


def change(found: Arena, seat: int, entry: int, value: str) -> None:
    """The tally room gives one of the seats' marks of an entry another value."""
    with found.scope():
        score = Score.objects.get(
            assignment=found.seats[seat], entry=found.entries[entry], criterion=found.criteria[0]
        )
    answer = found.client(Role.TALLY_MASTER).patch(f"{API}/scores/{score.pk}/", {"value": value}, HTTP_IF_MATCH="*")
    assert answer.status_code == 200, answer.content


def publish(found: Arena) -> None:
    certify(found.now())
    found.stand("published")


def test_a_published_result_is_readable_by_anybody_with_names_and_without_marks() -> None:
    found = shown()
    publish(found)

    response = anonymous().get(url(found, "leaderboard/"))

    body = response.json()
    assert places(body) == [(1, 1, "10.00"), (2, 2, "8.00"), (3, 3, "6.00")]
    assert body["rows"][0]["contestant"]["name"] == found.entries[0].contestant.name
    assert (body["board"], body["contestants"], body["placed"], body["frozen_at"]) == ("published", 3, 3, None)
    assert body["certification"]["number"] == 1
    panels = body["rows"][0]["categories"][0]["criteria"]
    assert [(panel["panel"], panel["dropped"], "marks" in panel) for panel in panels] == [("5.00", [], False)] * 2
    text = json.dumps(body)
    assert [str(seat.judge_id) in text or seat.judge.name in text for seat in found.seats] == [False] * 3


def test_a_public_answer_is_cacheable_and_the_same_for_everybody() -> None:
    found = shown()
    publish(found)

    first = anonymous().get(url(found, "leaderboard/"))
    again = anonymous().get(url(found, "leaderboard/"), HTTP_IF_NONE_MATCH=first["ETag"])
    owner = found.client().get(url(found, "leaderboard/"))

    assert first["Cache-Control"] == "public, max-age=5"
    assert (again.status_code, again["ETag"], again["Cache-Control"]) == (304, first["ETag"], first["Cache-Control"])
    assert owner.content == first.content
    assert first["RateLimit-Policy"].partition(";")[0] == '"public"'


@pytest.mark.parametrize("tail", ["", "leaderboard/", "certification/"])
@pytest.mark.parametrize("hidden", ["private", "draft", "draft event", "deleted", "unknown"])
def test_what_is_not_public_is_not_there(hidden: str, tail: str) -> None:
    found = shown(visibility="private" if hidden == "private" else "public")
    publish(found)
    with found.scope():
        if hidden == "draft":
            found.stand("draft")
        if hidden == "draft event":
            Event.objects.filter(pk=found.contest.event_id).update(status="draft")
        if hidden == "deleted":
            found.stand("locked")
            delete_object(root=found.now())
    address = (
        url(found, tail) if hidden != "unknown" else url(found, tail).replace(str(found.contest.pk)[:8], "0" * 8)
    )

    document = problem(anonymous().get(address), 404, "NOT_FOUND")

    assert document["detail"] == "There is nothing here, or nothing that you may see."


def test_an_event_lists_its_public_contests_and_an_unlisted_one_is_there_for_who_knows_it() -> None:
    found = shown(name="Ladies")
    with found.scope():
        event = Event.objects.get(pk=found.contest.event_id)
    for visibility in ("unlisted", "private"):
        ContestFactory.create(event=event, organization=event.organization, visibility=visibility, status="open")

    body = anonymous().get(f"{API}/public/events/{event.pk}/contests/").json()

    assert (body["event"]["name"], [contest["name"] for contest in body["contests"]]) == (event.name, ["Ladies"])
    with found.scope():
        unlisted = Contest.objects.get(visibility="unlisted")
    answer = anonymous().get(f"{API}/public/contests/{unlisted.pk}/")
    assert (answer.status_code, answer.json()["board"]) == (200, "withheld")


def test_an_event_without_public_contests_is_not_there() -> None:
    found = shown(visibility="unlisted")

    problem(anonymous().get(f"{API}/public/events/{found.contest.event_id}/contests/"), 404, "NOT_FOUND")


def test_before_the_result_nothing_is_shown_unless_the_contest_says_so() -> None:
    found = shown()

    before = board(found)
    found.client().patch(found.url(), {"live_board": True})
    after = board(found)

    assert (before["board"], before["rows"], before["as_of"]) == ("withheld", [], None)
    assert (after["board"], places(after)) == ("live", [(1, 1, "10.00"), (2, 2, "8.00"), (3, 3, "6.00")])
    parts = after["rows"][0]["categories"]
    assert [(part["component_total"], part["criteria"], part["total"]) for part in parts] == [(None, [], "10.00")]
    problem(anonymous().get(url(found, "certification/")), 404, "NOT_CERTIFIED")


def test_in_a_blind_contest_nobody_has_a_name_until_the_result_is_out() -> None:
    found = shown(blind=True, live_board=True)

    live = board(found)
    found.client().post(found.url("freeze/"))
    frozen = board(found)
    with found.scope():
        Contest.objects.update(frozen_at=None)
    publish(found)
    published = board(found)

    names = [[row["contestant"]["name"] for row in body["rows"]] for body in (live, frozen, published)]
    assert names == [[None] * 3, [None] * 3, [entry.contestant.name for entry in found.entries]]


def test_a_frozen_board_stays_whatever_happens_and_members_see_the_live_one() -> None:
    found = shown(live_board=True)
    frozen = found.client(Role.ORGANIZER).post(found.url("freeze/"))
    assert frozen.status_code == 200, frozen.content
    before = anonymous().get(url(found, "leaderboard/"))

    change(found, 0, 2, "10")
    found.client().post(f"{API}/deductions/", {"entry": str(found.entries[0].pk), "amount": "9", "reason": "Fall"})
    found.client().post(f"{API}/contestants/{found.entries[1].contestant_id}/withdraw/")
    with found.scope():
        gone = delete_object(root=found.entries[2].contestant)
        Score.objects.filter(entry=found.entries[0]).update(value="1")
    during = anonymous().get(url(found, "leaderboard/"))
    with found.scope():
        restore_deletion(deletion=Deletion.objects.get(pk=gone.pk))
    found.stand("locked")
    after = anonymous().get(url(found, "leaderboard/"))

    assert (before.json()["board"], places(before.json())) == (
        "frozen",
        [(1, 1, "10.00"), (2, 2, "8.00"), (3, 3, "6.00")],
    )
    assert before.content == during.content == after.content
    assert before["ETag"] == during["ETag"] == after["ETag"]
    live = found.client(Role.VIEWER).get(found.url("leaderboard/")).json()
    assert places(live) == [(3, 1, "8.33"), (1, 2, "-7.00"), (2, None, None)]
    assert live["frozen_at"] == before.json()["frozen_at"] is not None


def test_a_frozen_board_shows_the_standings_of_a_contest_that_is_not_shown_live() -> None:
    found = shown()
    found.client().post(found.url("freeze/"))

    assert (board(found)["board"], board(found)["placed"]) == ("frozen", 3)


def test_a_frozen_board_names_people_as_they_are_called_now() -> None:
    found = shown(live_board=True)
    found.client().post(found.url("freeze/"))
    with found.scope():
        Contestant.objects.filter(pk=found.entries[0].contestant_id).update(name="[erased]")
        kept = BoardFreeze.objects.get().document

    assert board(found)["rows"][0]["contestant"]["name"] == "[erased]"
    assert [row["contestant"]["name"] for row in kept["rows"]] == [None] * 3


def test_unfreezing_shows_what_has_happened_meanwhile() -> None:
    found = shown(live_board=True)
    client = found.client(Role.ORGANIZER)
    client.post(found.url("freeze/"))
    change(found, 0, 2, "10")
    frozen = board(found)

    client.post(found.url("unfreeze/"))

    assert (places(frozen)[2], frozen["board"]) == ((3, 3, "6.00"), "frozen")
    assert (places(board(found))[1], board(found)["board"]) == ((3, 2, "8.33"), "live")
    with found.scope():
        freeze = BoardFreeze.objects.get()
    organizer = found.person(Role.ORGANIZER).pk
    assert (freeze.frozen_by, freeze.lifted_by) == (organizer, organizer)


def test_publishing_ends_a_freeze() -> None:
    found = shown()
    client = found.client()
    client.post(found.url("freeze/"))
    certify(found.now())

    client.post(found.url("publish/"))

    assert (found.now().frozen_at, board(found)["board"]) == (None, "published")


def test_a_freeze_is_made_once_and_lifted_once_and_never_of_a_result() -> None:
    found = shown()
    client = found.client()

    problem(client.post(found.url("unfreeze/")), 409, "BOARD_NOT_FROZEN")
    client.post(found.url("freeze/"))
    problem(client.post(found.url("freeze/")), 409, "BOARD_FROZEN")
    client.post(found.url("unfreeze/"))
    publish(found)
    problem(client.post(found.url("freeze/")), 409, "NOTHING_TO_FREEZE")
    problem(client.post(found.url("freeze/"), HTTP_IF_MATCH='"1"'), 412, "STALE_VERSION")


@pytest.mark.parametrize(
    ("contest", "frozen", "public"),
    [
        ({"live_board": True}, False, True),
        ({"live_board": True}, True, False),
        ({"live_board": False}, False, False),
        ({"live_board": True, "visibility": "private"}, False, False),
    ],
)
def test_an_event_says_whether_the_public_board_has_changed(
    contest: dict[str, Any], frozen: bool, public: bool
) -> None:
    found = shown(**contest)
    if frozen:
        found.client().post(found.url("freeze/"))

    change(found, 0, 2, "10")

    last = OutboxMessage.objects.filter(type="leaderboard.changed").latest("id")
    assert last.data["public_changed"] is public
