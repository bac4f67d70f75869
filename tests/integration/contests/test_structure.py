"""Setting a contest up over the API, and what is said of what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Contestant, Judge
from apps.contests.services.conflicts import recuse_affiliated
from tests.api import pointers, problem
from tests.factories.accounts import UserFactory, member
from tests.factories.contests import ContestantFactory
from tests.integration.contests.arena import API, arena

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"aggregation": "average"}, "#/rule/aggregation"),
        ({"aggregation": "trimmed_mean", "drop_high": 1, "drop_low": 1}, "#/rule/minimum_panel"),
        ({"colour": "red"}, "#/rule/colour"),
        ({"deduction_floor": 0.5}, "#/rule/deduction_floor"),
        ({"tie_breakers": [{"kind": "criterion"}]}, "#/rule/tie_breakers/0/of"),
    ],
)
def test_a_rule_that_can_not_be_applied_is_refused_by_field(rule: dict[str, Any], pointer: str) -> None:
    found = arena()

    body = problem(
        found.client().post(f"{API}/categories/", {"contest": str(found.contest.pk), "name": "Free", "rule": rule}),
        422,
        "INVALID",
    )

    assert [name for name, _ in pointers(body)] == [pointer]


@pytest.mark.parametrize("rule", [[], "mean", 7])
def test_a_rule_is_an_object(rule: object) -> None:
    found = arena()

    body = problem(found.client().patch(found.url(), {"rule": rule}), 422, "INVALID")

    assert pointers(body) == [("#/rule", "NOT_AN_OBJECT")]


def test_a_rule_is_shown_with_its_defaults() -> None:
    found = arena()

    rule = found.client().get(f"{API}/categories/{found.category.pk}/").json()["rule"]

    assert (rule["aggregation"], rule["missing"], rule["panel_places"]) == ("mean", "block", 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"maximum": "0"}, [("#/maximum", "SCALE_GOES_DOWN")]),
        ({"step": "0"}, [("#/step", "STEP_NOT_POSITIVE")]),
        ({"factor": "-1"}, [("#/factor", "MIN_VALUE")]),
        ({"name": ""}, [("#/name", "BLANK")]),
        ({"version": 1, "organization": "mine"}, [("#/organization", "UNKNOWN_FIELD")]),
    ],
)
def test_a_criterion_that_does_not_fit_is_refused_by_field(
    change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = arena()

    body = problem(found.client().patch(f"{API}/criteria/{found.criteria[0].pk}/", change), 422, "INVALID")

    assert pointers(body) == expected


def test_a_number_belongs_to_one_live_contestant() -> None:
    found = arena()
    client = found.client()
    body = {"contest": str(found.contest.pk), "number": 1, "name": "Second"}

    taken = problem(client.post(f"{API}/contestants/", body), 409, "ALREADY_EXISTS")
    client.post(f"{API}/contestants/{found.entries[0].contestant_id}/withdraw/", {})
    still = problem(client.post(f"{API}/contestants/", body), 409, "ALREADY_EXISTS")
    client.delete(f"{API}/contestants/{found.entries[0].contestant_id}/")
    free = client.post(f"{API}/contestants/", body)
    back = problem(
        client.post(f"{API}/contestants/{found.entries[0].contestant_id}/restore/", {}), 409, "RESTORE_CONFLICT"
    )

    assert pointers(taken) == pointers(still) == [("#/contest", "ALREADY_EXISTS"), ("#/number", "ALREADY_EXISTS")]
    assert free.status_code == 201
    assert [conflict["field"] for conflict in back["conflicts"]] == ["number"]


def test_an_entry_is_of_a_contestant_of_the_same_contest() -> None:
    found = arena()
    stranger = ContestantFactory.create(contest__event=found.contest.event)

    body = problem(
        found.client().post(f"{API}/entries/", {"category": str(found.category.pk), "contestant": str(stranger.pk)}),
        422,
        "INVALID",
    )

    assert pointers(body) == [("#/contestant", "OTHER_CONTEST")]


def test_parts_stay_where_they_are() -> None:
    found, other = arena(), arena()
    client = found.client()
    url = f"{API}/entries/{found.entries[0].pk}/"

    moved = client.patch(url, {"contestant": str(found.entries[1].contestant_id)})
    strange = client.patch(url, {"contestant": str(other.entries[1].contestant_id)})
    same = client.patch(url, {"contestant": str(found.entries[0].contestant_id), "starting_order": 5})

    assert pointers(problem(moved, 422, "INVALID")) == [("#/contestant", "CREATE_ONLY")]
    assert pointers(problem(strange, 422, "INVALID")) == [("#/contestant", "DOES_NOT_EXIST")]
    assert (same.status_code, same.json()["starting_order"]) == (200, 5)


def test_a_judge_signs_in_as_a_member_only() -> None:
    found = arena()
    client = found.client()
    stranger = UserFactory.create()
    colleague = member(found.organization, Role.JUDGE)

    refused = problem(client.post(f"{API}/judges/", {"name": "Ann", "user": str(stranger.pk)}), 422, "INVALID")
    taken = client.post(f"{API}/judges/", {"name": "Ann", "user": str(colleague.pk)})

    assert pointers(refused) == [("#/user", "DOES_NOT_EXIST")]
    assert taken.status_code == 201


@pytest.mark.parametrize(("judges", "contestants"), [("STRASSE 7", " Straße 7"), ("Espoo\u00a0", "ESPOO"), ("", "")])
def test_a_club_is_the_same_however_it_is_written(judges: str, contestants: str) -> None:
    """To the recusal, which the board knows, as to the mark that is refused."""
    found = arena()
    with found.scope():
        Contestant.objects.filter(number=1).update(affiliation=contestants)
        Judge.objects.filter(pk=found.seats[0].judge_id).update(affiliation=judges)
        made = recuse_affiliated(contest_id=found.contest.pk)
    response = found.client().post(f"{API}/scores/", found.mark(0, 0, 0))

    assert (made, response.status_code) == ((1, 409) if judges else (0, 201))


def test_a_new_seat_is_recused_from_its_judges_own_club_at_once() -> None:
    found = arena()
    client = found.client()
    judge = client.post(f"{API}/judges/", {"name": "Ann", "affiliation": "club 2"}).json()

    seat = client.post(
        f"{API}/assignments/", {"judge": judge["id"], "category": str(found.category.pk), "seat": "J4"}
    ).json()

    recusals = client.get(f"{API}/recusals/?assignment={seat['id']}").json()["results"]
    assert [(row["contestant"], row["reason"]) for row in recusals] == [
        (str(found.entries[1].contestant_id), "Same affiliation")
    ]


def test_a_row_that_somebody_changed_meanwhile_is_not_overwritten() -> None:
    found = arena()
    client = found.client()
    url = f"{API}/categories/{found.category.pk}/"
    tag = client.get(url)["ETag"]
    client.patch(url, {"name": "Short"})

    problem(client.patch(url, {"name": "Long"}, HTTP_IF_MATCH=tag), 412, "STALE_VERSION")
    problem(client.patch(url, {"name": "Long", "version": 1}), 412, "STALE_VERSION")

    assert client.get(url).json()["name"] == "Short"


@pytest.mark.parametrize(
    ("route", "step"),
    [("contestants", "withdraw"), ("contestants", "disqualify"), ("entries", "no-show"), ("entries", "withdraw")],
)
def test_nobody_is_taken_out_by_who_has_not_seen_the_last_change(route: str, step: str) -> None:
    found = arena()
    client = found.client()
    entry = found.entries[0]
    url = f"{API}/{route}/{entry.contestant_id if route == 'contestants' else entry.pk}/"
    tag = client.get(url)["ETag"]
    change = {"number": 9} if route == "contestants" else {"starting_order": 9}
    changed = client.patch(url, change)

    problem(client.post(f"{url}{step}/", {}, HTTP_IF_MATCH=tag), 412, "STALE_VERSION")

    assert client.get(url)["ETag"] == changed["ETag"]
    assert client.post(f"{url}{step}/", {}, HTTP_IF_MATCH=changed["ETag"]).status_code == 200
