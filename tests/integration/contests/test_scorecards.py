"""Scorecards: whole or not at all, once or twice with the same effect, and of two people one wins."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.contests.models import Score
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from tests.api import pointers, problem
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


def address(found: Arena, seat: int = 0, entry: int = 0) -> str:
    return f"/api/v1/assignments/{found.seats[seat].pk}/scorecards/{found.entries[entry].pk}/"


def card(found: Arena, *values: str | None, **more: Any) -> dict[str, Any]:
    marks = [
        {"criterion": str(criterion.pk), "value": value}
        for criterion, value in zip(found.criteria, values, strict=False)
    ]
    return {"marks": marks, **more}


def put(client: APIClient, url: str, body: dict[str, Any], tag: str | None) -> Any:
    return client.put(url, body, **({"HTTP_IF_MATCH": tag} if tag else {}))


def values(found: Arena) -> list[str]:
    with found.scope():
        return [str(value) for value in Score.objects.order_by("criterion__position").values_list("value", flat=True)]


def test_an_empty_card_shows_what_is_to_be_marked_and_has_an_etag() -> None:
    found = arena()

    response = found.client(Role.JUDGE).get(address(found))

    assert response.json() == {
        "assignment": str(found.seats[0].pk),
        "entry": str(found.entries[0].pk),
        "seat": "J1",
        "number": 1,
        "complete": False,
        "version": response["ETag"].strip('"'),
        "marks": [
            {
                "criterion": str(criterion.pk),
                "name": criterion.name,
                "minimum": "0.0000",
                "maximum": "10.0000",
                "step": "0.2500",
                "state": None,
                "value": None,
            }
            for criterion in found.criteria
        ],
    }
    again = found.client(Role.JUDGE).get(address(found), HTTP_IF_NONE_MATCH=response["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_card_is_saved_and_sending_it_twice_changes_nothing() -> None:
    found = arena()
    judge = found.client(Role.JUDGE)
    empty = judge.get(address(found))["ETag"]

    first = put(judge, address(found), card(found, "7.25", "8"), empty)
    told = OutboxMessage.objects.count()
    second = put(judge, address(found), card(found, "7.25", "8"), empty)

    assert (first.status_code, first.json()["complete"]) == (200, True)
    assert (second.status_code, second["ETag"]) == (200, first["ETag"])
    assert second.json() == first.json()
    assert values(found) == ["7.2500", "8.0000"]
    assert OutboxMessage.objects.count() == told


def test_of_two_who_save_the_same_card_the_second_is_told_the_current_version() -> None:
    found = arena()
    tally, owner = found.client(Role.TALLY_MASTER), found.client()
    read = tally.get(address(found))["ETag"]

    won = put(tally, address(found), card(found, "7", "8"), read)
    lost = problem(put(owner, address(found), card(found, "1", "2"), read), 412, "STALE_VERSION")

    assert lost["current_version"] == won["ETag"]
    assert values(found) == ["7.0000", "8.0000"]


def test_a_card_says_which_version_was_read() -> None:
    found = arena()
    judge = found.client(Role.JUDGE)

    problem(put(judge, address(found), card(found, "7", "8"), None), 428, "VERSION_REQUIRED")
    version = judge.get(address(found)).json()["version"]
    saved = put(judge, address(found), card(found, "7", "8", version=version), None)

    assert saved.status_code == 200


def test_a_card_is_saved_whole_or_not_at_all() -> None:
    found = arena()
    judge = found.client(Role.JUDGE)
    url = address(found)

    half = problem(put(judge, url, card(found, "7"), "*"), 422, "INVALID")
    wrong = problem(put(judge, url, card(found, "7", "11"), "*"), 422, "INVALID")
    twice = card(found, "7", "8")
    twice["marks"].append(twice["marks"][0])
    doubled = problem(put(judge, url, twice, "*"), 422, "INVALID")
    strange = card(found, "7", "8")
    strange["marks"].append({"criterion": str(new_id()), "value": "1"})
    unknown = problem(put(judge, url, strange, "*"), 422, "INVALID")

    assert pointers(half) == [("#/marks", "MISSING_CRITERION")]
    assert pointers(wrong) == [("#/marks/1/value", "OUT_OF_SCALE")]
    assert pointers(doubled) == [("#/marks", "DUPLICATE")]
    assert pointers(unknown) == [("#/marks/2/criterion", "DOES_NOT_EXIST")]
    assert values(found) == []


def test_a_card_is_changed_where_it_changed_only() -> None:
    found = arena()
    judge = found.client(Role.JUDGE)
    first = put(judge, address(found), card(found, "7", "8"), "*")

    second = put(judge, address(found), card(found, "7", "9"), first["ETag"])

    with found.scope():
        versions = list(Score.objects.order_by("criterion__position").values_list("version", flat=True))
    assert (second.status_code, versions, values(found)) == (200, [1, 2], ["7.0000", "9.0000"])


def test_a_judge_has_their_own_cards_only() -> None:
    found = arena()
    judge = found.client(Role.JUDGE)

    problem(judge.get(address(found, seat=1)), 403, "NOT_YOUR_SEAT")
    problem(put(judge, address(found, seat=1), card(found, "7", "8"), "*"), 403, "NOT_YOUR_SEAT")
    assert found.client(Role.AUDITOR).get(address(found, seat=1)).status_code == 200
    problem(found.client(Role.VIEWER).get(address(found)), 403, "NOT_YOUR_SEAT")


def test_a_card_of_a_locked_contest_is_read_only() -> None:
    found = arena()
    found.stand("locked")

    problem(put(found.client(), address(found), card(found, "7", "8"), "*"), 409, "CONTEST_LOCKED")


def test_seat_and_entry_of_different_contests_have_no_card() -> None:
    found, other = arena(), arena()
    mixed = f"/api/v1/assignments/{found.seats[0].pk}/scorecards/{other.entries[0].pk}/"

    problem(found.client().get(mixed), 404, "NOT_FOUND")
