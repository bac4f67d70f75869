"""The board over the API: what it shows, to whom, at what cost, and when it stays the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Contestant, Entry, Judge, Score
from apps.contests.selectors.leaderboard import contest_board
from tests.api import pointers, problem
from tests.conftest import FakeClock
from tests.integration.contests.arena import API, Arena, access_of, arena

pytestmark = pytest.mark.django_db

TRIMMED = {
    "aggregation": "trimmed_mean",
    "drop_high": 1,
    "drop_low": 1,
    "minimum_panel": 3,
    "missing": "omit",
    "technical_points": True,
    "tie_breakers": [{"kind": "technical_points"}],
}


def trimmed() -> Arena:
    """Marks 7, 8, 9 everywhere, technical points 10, 10 and 12, one fall."""
    found = arena()
    with found.scope():
        found.category.rule = TRIMMED
        found.category.save()
        for place, technical in enumerate(("10", "10", "12")):
            found.entries[place].technical_points = Decimal(technical)
            found.entries[place].save()
        Score.objects.bulk_create(
            Score(
                organization_id=found.organization.pk,
                assignment=seat,
                entry=entry,
                criterion=criterion,
                value=Decimal(7 + place),
            )
            for entry in found.entries
            for place, seat in enumerate(found.seats)
            for criterion in found.criteria
        )
    found.client().post(f"{API}/deductions/", {"entry": str(found.entries[2].pk), "amount": "1", "reason": "Fall"})
    return found


def test_the_board_shows_ranks_totals_panels_and_what_was_dropped() -> None:
    found = trimmed()

    body = found.client().get(found.url("leaderboard/")).json()

    assert [(row["contestant"]["number"], row["rank"], row["total"]) for row in body["rows"]] == [
        (3, 1, "27.00"),
        (1, 2, "26.00"),
        (2, 2, "26.00"),
    ]
    first = body["rows"][0]
    assert (first["shared"], body["rows"][1]["shared"]) == (False, True)
    part = first["categories"][0]
    assert {name: part[name] for name in part if name != "criteria"} == {
        "category": str(found.category.pk),
        "entry": str(found.entries[2].pk),
        "status": "entered",
        "rank": 1,
        "shared": False,
        "decided_by": [],
        "component_total": "16.00",
        "technical_points": "12.00",
        "subtotal": "28.00",
        "deductions": "1.00",
        "total": "27.00",
        "value": "27.00",
        "weighted": "27.00",
    }
    assert part["criteria"] == [
        {
            "criterion": str(criterion.pk),
            "panel": "8.00",
            "score": "8.00",
            "judges": 3,
            "fault": None,
            "dropped": [
                {"value": "7", "end": "low", "seat": "J1"},
                {"value": "9", "end": "high", "seat": "J3"},
            ],
        }
        for criterion in found.criteria
    ]
    assert body["categories"][0]["rule"]["drop_high"] == 1
    assert [criterion["name"] for criterion in body["categories"][0]["criteria"]] == [
        "Skating skills",
        "Composition",
    ]
    assert (body["status"], body["policy_version"], body["withheld"]) == ("scoring", 1, False)


def test_the_board_names_the_tie_breaker_that_decided() -> None:
    found = trimmed()
    client = found.client()
    # 1 and 3 both have 26; 3 has more technical points
    client.post(f"{API}/deductions/", {"entry": str(found.entries[2].pk), "amount": "1", "reason": "Fall"})

    rows = client.get(f"{API}/categories/{found.category.pk}/leaderboard/").json()["rows"]

    assert [(row["contestant"]["number"], row["rank"], row["total"], row["decided_by"]) for row in rows] == [
        (3, 1, "26.00", ["technical_points"]),
        (1, 2, "26.00", ["technical_points"]),
        (2, 2, "26.00", ["technical_points"]),
    ]


def test_those_who_are_out_are_listed_without_a_place_and_shift_nobody() -> None:
    found = trimmed()
    client = found.client()
    client.post(f"{API}/contestants/{found.entries[2].contestant_id}/disqualify/", {})
    client.post(f"{API}/contestants/{found.entries[0].contestant_id}/withdraw/", {})

    rows = client.get(found.url("leaderboard/")).json()["rows"]

    assert [(r["contestant"]["number"], r["contestant"]["status"], r["rank"], r["total"]) for r in rows] == [
        (2, "entered", 1, "26.00"),
        (1, "withdrawn", None, None),
        (3, "disqualified", None, None),
    ]


def test_a_reversed_deduction_counts_no_more() -> None:
    found = trimmed()
    client = found.client()
    deduction = client.get(f"{API}/deductions/").json()["results"][0]

    reversed_ = client.post(f"{API}/deductions/{deduction['id']}/reverse/", {"reason": "No fall"})
    again = problem(
        client.post(f"{API}/deductions/{deduction['id']}/reverse/", {"reason": "No fall"}),
        409,
        "DEDUCTION_REVERSED",
    )

    assert (reversed_.status_code, reversed_.json()["reversal_reason"], again["status"]) == (200, "No fall", 409)
    assert client.get(found.url("leaderboard/")).json()["rows"][0]["total"] == "28.00"
    assert client.get(f"{API}/deductions/?reversed=true").json()["results"][0]["id"] == deduction["id"]


def test_marks_are_added_for_those_who_read_marks_only() -> None:
    found = trimmed()

    def seats(role: Role) -> list[str]:
        body = found.client(role).get(found.url("leaderboard/?expand=marks")).json()
        panel = body["rows"][0]["categories"][0]["criteria"][0]
        return [mark["seat"] for mark in panel["marks"]]

    assert seats(Role.AUDITOR) == ["J1", "J2", "J3"]
    assert seats(Role.ORGANIZER) == []
    found.stand("locked")
    assert seats(Role.JUDGE) == ["J1"]


def test_until_the_lock_judges_see_no_figure_that_other_marks_could_be_worked_out_of() -> None:
    found = trimmed()
    judge = found.client(Role.JUDGE)

    def figures(body: dict[str, Any]) -> set[str]:
        names = {"rank", "total", "subtotal", "component_total", "panel", "score", "fault", "dropped", "weighted"}
        found_: set[str] = set()

        def walk(value: Any) -> None:
            if isinstance(value, dict):
                found_.update(name for name, item in value.items() if name in names and item is not None)
                for item in value.values():
                    walk(item)
            elif isinstance(value, list):
                for item in value:
                    walk(item)

        walk(body["rows"])
        return found_

    addresses = [found.url("leaderboard/"), f"{API}/categories/{found.category.pk}/leaderboard/"]
    before = [judge.get(address).json() for address in addresses]
    found.stand("locked")
    after = [judge.get(address).json() for address in addresses]

    assert [(body["withheld"], figures(body)) for body in before] == [(True, set()), (True, set())]
    assert [body["withheld"] for body in after] == [False, False]
    assert [row["contestant"]["number"] for row in before[0]["rows"]] == [1, 2, 3]
    assert all(figures(body) >= {"rank", "total", "panel", "score"} for body in after)


def test_before_the_lock_those_without_the_right_to_read_marks_see_no_dropped_ones() -> None:
    found = trimmed()

    def dropped(role: Role) -> Any:
        rows = found.client(role).get(found.url("leaderboard/")).json()["rows"]
        return rows[0]["categories"][0]["criteria"][0]["dropped"]

    assert dropped(Role.VIEWER) is None
    found.stand("locked")
    assert dropped(Role.VIEWER) == [
        {"value": "7", "end": "low", "seat": None},
        {"value": "9", "end": "high", "seat": None},
    ]


def test_in_a_blind_contest_judges_see_numbers_and_no_names() -> None:
    found = arena(blind=True)
    found.stand("locked")
    judge = found.client(Role.JUDGE)

    board = judge.get(found.url("leaderboard/"))
    one = judge.get(f"{API}/contestants/{found.entries[0].contestant_id}/")
    by_name = judge.get(f"{API}/contestants/?search=Club")
    by_club = judge.get(f"{API}/contestants/?affiliation=Club 1")
    in_order = judge.get(f"{API}/contestants/?ordering=name")

    assert [row["contestant"]["name"] for row in board.json()["rows"]] == [None, None, None]
    assert (one.json()["number"], one.json()["name"], one.json()["affiliation"]) == (1, None, None)
    assert [page.json()["results"] for page in (by_name, by_club, in_order)] == [[], [], []]
    assert all(b"Club" not in response.content for response in (board, one))
    found.stand("published")
    assert len(judge.get(f"{API}/contestants/?affiliation=Club 1").json()["results"]) == 1
    assert judge.get(found.url("leaderboard/")).json()["rows"][0]["contestant"]["name"] is not None


def test_in_a_blind_contest_judges_do_not_learn_by_recusals_who_is_of_their_club() -> None:
    found = arena(blind=True)
    found.client().patch(f"{API}/judges/{found.seats[0].judge_id}/", {"affiliation": "Club 1"})

    assert len(found.client().get(f"{API}/recusals/").json()["results"]) == 1
    assert found.client(Role.JUDGE).get(f"{API}/recusals/").json()["results"] == []


def test_the_board_has_an_etag_of_what_it_shows(fake_clock: FakeClock) -> None:
    found = trimmed()
    client = found.client()
    first = client.get(found.url("leaderboard/"))
    same = client.get(found.url("leaderboard/"), HTTP_IF_NONE_MATCH=first["ETag"])
    fake_clock.advance(60)
    with found.scope():
        score = Score.objects.get(entry=found.entries[0], assignment=found.seats[1], criterion=found.criteria[0])
    client.patch(f"{API}/scores/{score.pk}/", {"value": "8.5"}, HTTP_IF_MATCH='"1"')

    changed = client.get(found.url("leaderboard/"), HTTP_IF_NONE_MATCH=first["ETag"])

    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert first.json()["as_of"] == "2026-11-01T12:00:00Z"
    assert changed.json()["as_of"] == "2026-11-01T12:01:00Z"


def test_the_board_is_byte_identical_after_its_event_was_deleted_and_restored() -> None:
    found = trimmed()
    client = found.client()
    before = client.get(found.url("leaderboard/?expand=marks"))
    event = f"{API}/events/{found.contest.event_id}/"

    deleted = client.delete(event)
    gone = client.get(found.url("leaderboard/"))
    client.post(f"{event}restore/", {})
    after = client.get(found.url("leaderboard/?expand=marks"))

    assert (deleted.status_code, gone.status_code) == (204, 404)
    assert after.content == before.content
    assert after["ETag"] == before["ETag"]


def test_the_board_takes_the_same_queries_for_few_and_for_many() -> None:
    found = trimmed()
    client = found.client()

    def queries() -> int:
        client.get(found.url("leaderboard/"))  # refreshes the totals, where something has changed
        with CaptureQueriesContext(connection) as captured:
            assert client.get(found.url("leaderboard/")).status_code == 200
        return len(captured)

    few = queries()
    own = {"organization_id": found.organization.pk}
    with found.scope():
        contestants = Contestant.objects.bulk_create(
            Contestant(contest=found.contest, number=number, name=f"N{number}", **own) for number in range(10, 60)
        )
        entries = Entry.objects.bulk_create(
            Entry(category=found.category, contestant=one, technical_points=Decimal(1), **own) for one in contestants
        )
        judges = Judge.objects.bulk_create(Judge(name=f"M{number}", **own) for number in range(5))
        seats = Assignment.objects.bulk_create(
            Assignment(judge=judge, category=found.category, seat=f"M{place}", **own)
            for place, judge in enumerate(judges)
        )
        Score.objects.bulk_create(
            Score(assignment=seat, entry=entry, criterion=criterion, value=Decimal(5), **own)
            for seat in seats
            for entry in entries
            for criterion in found.criteria
        )

    assert queries() == few


def test_the_settings_of_the_boards_query_end_with_it() -> None:
    """It runs in the caller's transaction, whose later queries are planned as ever."""
    found = trimmed()

    def settings() -> tuple[str, ...]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('enable_nestloop'), current_setting('work_mem')")
            return tuple(cursor.fetchone())

    before = settings()
    with found.scope():
        contest_board(found.contest, access=access_of(found))

    assert settings() == before


def test_a_rule_that_names_what_is_not_there_is_said_on_the_board() -> None:
    found = arena()
    rule = {"tie_breakers": [{"kind": "criterion", "of": "Style"}]}
    client = found.client()
    assert client.patch(f"{API}/categories/{found.category.pk}/", {"rule": rule}).status_code == 200

    body = problem(client.get(found.url("leaderboard/")), 422, "INVALID_SCORING_RULE")

    assert pointers(body) == [("#/categories/short/rule/tie_breakers/0/of", "UNKNOWN")]


@pytest.mark.parametrize(
    "tie", [{"kind": "criterion", "of": "short"}, {"kind": "category", "of": "short/Composition"}]
)
def test_a_category_is_no_criterion_and_a_result_that_nobody_could_sign_is_not_locked(tie: dict[str, str]) -> None:
    found = arena()
    found.mark_all()
    client = found.client()
    assert client.patch(found.url(), {"rule": {"tie_breakers": [tie]}}).status_code == 200

    for answer in (client.get(found.url("leaderboard/")), client.post(found.url("lock/"), {})):
        body = problem(answer, 422, "INVALID_SCORING_RULE")
        assert pointers(body) == [("#/rule/tie_breakers/0/of", "UNKNOWN")]


@pytest.mark.parametrize("query", ["?expand=names", "?at=now"])
def test_an_unknown_parameter_of_the_board_is_refused(query: str) -> None:
    found = arena()

    assert found.client().get(found.url(f"leaderboard/{query}")).status_code == 400
