"""Recording marks over the API: what is wrong with one is said by field and row, and nothing is half saved."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Score
from apps.core.ids import new_id
from tests.api import pointers, problem
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db

SCORES = "/api/v1/scores/"
BULK = "/api/v1/scores/bulk/"


def stored(found: Arena) -> list[tuple[str, str]]:
    with found.scope():
        return [(score.state, str(score.value)) for score in Score.objects.order_by("id")]


def test_a_mark_is_recorded_with_an_etag_and_an_address() -> None:
    found = arena()

    response = found.client().post(SCORES, found.mark(0, 0, 0, "7.25"))

    assert (response.status_code, response["ETag"]) == (201, '"1"')
    assert response["Location"] == response.json()["url"]
    assert (response.json()["value"], response.json()["state"]) == ("7.2500", "scored")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"value": "10.25"}, [("#/value", "OUT_OF_SCALE")]),
        ({"value": "-0.25"}, [("#/value", "OUT_OF_SCALE")]),
        ({"value": "7.3"}, [("#/value", "WRONG_STEP")]),
        ({"value": "seven"}, [("#/value", "INVALID")]),
        ({"value": "NaN"}, [("#/value", "INVALID")]),
        ({"value": "7.12345"}, [("#/value", "MAX_DECIMAL_PLACES")]),
        ({"value": None}, [("#/value", "REQUIRED")]),
        ({"state": "absent"}, [("#/value", "NOT_ALLOWED")]),
        ({"state": "asleep"}, [("#/state", "INVALID_CHOICE")]),
        ({"entry": str(new_id())}, [("#/entry", "DOES_NOT_EXIST")]),
        ({"assignment": str(new_id())}, [("#/assignment", "DOES_NOT_EXIST")]),
        ({"criterion": "none"}, [("#/criterion", "INVALID")]),
        ({"points": "7"}, [("#/points", "UNKNOWN_FIELD")]),
    ],
)
def test_a_wrong_mark_is_refused_by_field(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = arena()

    body = problem(found.client().post(SCORES, found.mark(0, 0, 0) | change), 422, "INVALID")

    assert pointers(body) == expected
    assert stored(found) == []


@pytest.mark.parametrize("field", ["assignment", "entry", "criterion"])
def test_a_field_that_is_left_out_is_named(field: str) -> None:
    found = arena()
    mark = found.mark(0, 0, 0)
    del mark[field]

    assert pointers(problem(found.client().post(SCORES, mark), 422, "INVALID")) == [(f"#/{field}", "REQUIRED")]


@pytest.mark.parametrize("field", ["assignment", "entry", "criterion"])
def test_another_organizations_id_is_one_that_does_not_exist(field: str) -> None:
    found, other = arena(), arena()
    mark = found.mark(0, 0, 0) | {field: other.mark(0, 0, 0)[field]}

    body = problem(found.client().post(SCORES, mark), 422, "INVALID")

    assert pointers(body) == [(f"#/{field}", "DOES_NOT_EXIST")]


def test_a_seat_marks_in_its_own_category_only() -> None:
    found = arena()
    client = found.client()
    category = client.post("/api/v1/categories/", {"contest": str(found.contest.pk), "name": "Free"}).json()
    seat = client.post(
        "/api/v1/assignments/",
        {"judge": str(found.seats[0].judge_id), "category": category["id"], "seat": "J1"},
    ).json()

    body = problem(client.post(SCORES, found.mark(0, 0, 0) | {"assignment": seat["id"]}), 422, "INVALID")

    assert pointers(body) == [("#/assignment", "OTHER_CATEGORY")]


def test_a_zero_is_a_mark_and_an_abstention_is_none() -> None:
    found = arena()
    client = found.client()

    zero = client.post(SCORES, found.mark(0, 0, 0, "0"))
    abstained = client.post(SCORES, found.mark(0, 0, 1, None, state="abstained"))

    assert (zero.status_code, abstained.status_code) == (201, 201)
    assert stored(found) == [("scored", "0.0000"), ("abstained", "None")]


def test_the_same_mark_twice_is_a_conflict() -> None:
    found = arena()
    client = found.client()
    client.post(SCORES, found.mark(0, 0, 0))

    body = problem(client.post(SCORES, found.mark(0, 0, 0, "6")), 409, "ALREADY_EXISTS")

    assert pointers(body) == [("#", "ALREADY_EXISTS")]
    assert stored(found) == [("scored", "5.0000")]


def test_a_judge_marks_from_their_own_seat_only_and_reads_their_own_marks_only() -> None:
    found = arena()
    judge = found.client(Role.JUDGE)
    found.client().post(SCORES, found.mark(1, 0, 0, "9"))

    own = judge.post(SCORES, found.mark(0, 0, 0, "4"))
    other = problem(judge.post(SCORES, found.mark(1, 0, 1)), 403, "NOT_YOUR_SEAT")

    assert own.status_code == 201
    assert pointers(other) == [("#/assignment", "NOT_YOUR_SEAT")]
    assert [row["value"] for row in judge.get(SCORES).json()["results"]] == ["4.0000"]
    assert found.client(Role.VIEWER).get(SCORES).json()["results"] == []
    assert len(found.client(Role.AUDITOR).get(SCORES).json()["results"]) == 2


def test_a_judge_is_not_told_what_somebody_elses_mark_is() -> None:
    found = arena()
    created = found.client().post(SCORES, found.mark(1, 0, 0, "9.75")).json()
    judge = found.client(Role.JUDGE)

    answers = [
        judge.get(f"{SCORES}{created['id']}/"),
        judge.patch(f"{SCORES}{created['id']}/", {"value": "1"}, HTTP_IF_MATCH='"1"'),
        judge.post(SCORES, found.mark(1, 0, 0, "9.75")),
        judge.get(f"{SCORES}?entry={found.entries[0].pk}&ordering=value"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 403, 200]
    assert [b"9.75" in answer.content for answer in answers] == [False] * 4


def test_a_conflict_of_interest_is_refused_by_recusal_and_by_affiliation() -> None:
    found = arena()
    client = found.client()
    recusal = {
        "assignment": str(found.seats[0].pk),
        "contestant": str(found.entries[0].contestant_id),
        "reason": "Sister",
    }
    assert client.post("/api/v1/recusals/", recusal).status_code == 201
    client.patch(f"/api/v1/judges/{found.seats[1].judge_id}/", {"affiliation": "club 2"})

    recused = problem(client.post(SCORES, found.mark(0, 0, 0)), 409, "CONFLICT_OF_INTEREST")
    affiliated = problem(client.post(SCORES, found.mark(1, 1, 0)), 409, "CONFLICT_OF_INTEREST")

    assert pointers(recused) == pointers(affiliated) == [("#/assignment", "CONFLICT_OF_INTEREST")]
    assert client.post(SCORES, found.mark(1, 0, 0)).status_code == 201


def test_reserves_and_those_who_are_out_give_and_get_no_marks() -> None:
    found = arena()
    client = found.client()
    client.patch(f"/api/v1/assignments/{found.seats[0].pk}/", {"role": "reserve"})
    client.post(f"/api/v1/contestants/{found.entries[1].contestant_id}/disqualify/", {})

    problem(client.post(SCORES, found.mark(0, 0, 0)), 409, "SEAT_NOT_MARKING")
    problem(client.post(SCORES, found.mark(1, 1, 0)), 409, "ENTRY_NOT_COMPETING")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("draft", "CONTEST_NOT_SCORING"),
        ("open", "CONTEST_NOT_SCORING"),
        ("locked", "CONTEST_LOCKED"),
        ("certified", "CONTEST_CERTIFIED"),
        ("published", "CONTEST_CERTIFIED"),
    ],
)
def test_marks_are_taken_while_the_contest_is_scoring(status: str, code: str) -> None:
    found = arena()
    client = found.client()
    score = client.post(SCORES, found.mark(0, 0, 0)).json()
    found.stand(status)

    problem(client.post(SCORES, found.mark(0, 0, 1)), 409, code)
    problem(client.patch(f"{SCORES}{score['id']}/", {"value": "1"}, HTTP_IF_MATCH='"1"'), 409, code)

    assert stored(found) == [("scored", "5.0000")]


def test_a_mark_is_corrected_in_the_version_that_was_read() -> None:
    found = arena()
    client = found.client()
    url = client.post(SCORES, found.mark(0, 0, 0)).json()["url"]

    problem(client.patch(url, {"value": "6"}), 428, "VERSION_REQUIRED")
    first = client.patch(url, {"value": "6"}, HTTP_IF_MATCH='"1"')
    second = problem(client.patch(url, {"value": "7"}, HTTP_IF_MATCH='"1"'), 412, "STALE_VERSION")
    moved = problem(client.patch(url, {"entry": str(found.entries[1].pk)}, HTTP_IF_MATCH='"2"'), 422, "INVALID")

    assert (first.status_code, first["ETag"], second["current_version"]) == (200, '"2"', 2)
    assert pointers(moved) == [("#/entry", "CREATE_ONLY")]
    assert stored(found) == [("scored", "6.0000")]


def test_five_hundred_marks_are_saved_at_once_in_a_constant_number_of_queries(
    django_assert_num_queries: Any,
) -> None:
    found = arena()
    client = found.client()
    few = [found.mark(0, entry, criterion) for entry in (0, 1) for criterion in (0, 1)]
    more = [found.mark(seat, entry, c) for seat in (1, 2) for entry in (0, 1, 2) for c in (0, 1)]

    with django_assert_num_queries(14):
        assert client.post(BULK, {"scores": few}).status_code == 201
    with django_assert_num_queries(14):
        assert len(client.post(BULK, {"scores": more}).json()["scores"]) == 12


def test_of_a_batch_with_bad_rows_nothing_is_saved_and_each_row_is_named() -> None:
    found = arena()
    rows = [
        found.mark(0, 0, 0),
        found.mark(0, 0, 1, "10.1"),
        found.mark(0, 1, 0) | {"entry": str(new_id())},
        found.mark(0, 2, 0, "5.1"),
    ]

    body = problem(found.client().post(BULK, {"scores": rows}), 422, "INVALID")

    assert pointers(body) == [
        ("#/scores/1/value", "OUT_OF_SCALE"),
        ("#/scores/2/entry", "DOES_NOT_EXIST"),
        ("#/scores/3/value", "WRONG_STEP"),
    ]
    assert stored(found) == []


def test_a_duplicate_in_a_batch_is_named_by_its_row() -> None:
    found = arena()
    client = found.client()
    client.post(SCORES, found.mark(1, 0, 0))
    rows = [found.mark(0, 0, 0), found.mark(0, 0, 0, "6"), found.mark(1, 0, 0)]

    body = problem(client.post(BULK, {"scores": rows}), 409, "ALREADY_EXISTS")

    assert pointers(body) == [("#/scores/1", "ALREADY_EXISTS"), ("#/scores/2", "ALREADY_EXISTS")]


def test_a_batch_has_a_limit() -> None:
    found = arena()

    body = problem(found.client().post(BULK, {"scores": [found.mark(0, 0, 0)] * 501}), 422, "INVALID")

    assert [code for _, code in pointers(body)] == ["MAX_LENGTH"]


def test_a_mark_is_deleted_by_the_tally_room_and_comes_back() -> None:
    found = arena()
    tally = found.client(Role.TALLY_MASTER)
    url = tally.post(SCORES, found.mark(0, 0, 0)).json()["url"]
    problem(found.client(Role.JUDGE).delete(url, HTTP_IF_MATCH='"1"'), 403, "FORBIDDEN")

    deleted = tally.delete(url, HTTP_IF_MATCH='"1"')
    again = tally.post(SCORES, found.mark(0, 0, 0, "6"))
    conflict = problem(tally.post(f"{url}restore/", {}, HTTP_IF_MATCH=deleted["ETag"]), 409, "RESTORE_CONFLICT")

    assert (deleted.status_code, again.status_code) == (204, 201)
    assert conflict["conflicts"]
