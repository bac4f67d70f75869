"""Judges, places and rules looked at more closely: what is answered, to whom, and that nothing changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Score
from tests.api import pointers, problem
from tests.factories.contests import AssignmentFactory
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db


def mark(found: Arena, *rows: tuple[str, ...]) -> None:
    """One row of marks a contestant, one mark a seat, the same for both criteria."""
    with found.scope():
        Score.objects.bulk_create(
            Score(
                organization_id=found.organization.pk,
                assignment=seat,
                entry=entry,
                criterion=criterion,
                value=Decimal(value),
            )
            for entry, row in zip(found.entries, rows, strict=True)
            for seat, value in zip(found.seats, row, strict=True)
            for criterion in found.criteria
        )


def close() -> Arena:
    """The third judge alone makes the first contestant win."""
    found = arena()
    mark(found, ("6", "6", "10"), ("7", "7", "7"), ("3", "3", "3"))
    return found


def test_statistics_compare_each_judge_with_the_others() -> None:
    found = close()

    body = found.client(Role.AUDITOR).get(found.url("judge-statistics/")).json()

    (category,) = body["categories"]
    assert (body["contest"], category["category"], category["name"]) == (
        str(found.contest.pk),
        str(found.category.pk),
        found.category.name,
    )
    third = category["judges"][2]
    assert third == {
        "assignment": str(found.seats[2].pk),
        "seat": "J3",
        "judge": str(found.seats[2].judge_id),
        "name": found.seats[2].judge.name,
        "marks": 6,
        "mean": "6.666667",
        "spread": "2.867442",
        "bias": "1.333333",
        "distance": "1.333333",
        "rank_correlation": "1",
        "flags": [],
    }
    assert [judge["rank_correlation"] for judge in category["judges"]] == ["0.5", "0.5", "1"]


def test_a_judge_far_from_a_panel_of_five_is_flagged() -> None:
    found = arena()
    found.seats += [AssignmentFactory.create(category=found.category, seat=seat) for seat in ("J4", "J5")]
    mark(found, ("6", "6", "6", "6.25", "9"), ("5", "5.25", "5", "5", "8.25"), ("3", "3", "3.25", "3", "6"))

    body = found.client().get(found.url("judge-statistics/")).json()

    flags = [judge["flags"] for judge in body["categories"][0]["judges"]]
    assert flags == [[], [], [], [], ["generous", "far_from_panel"]]


def test_stability_says_how_often_the_winner_is_the_same_and_without_whom_not() -> None:
    found = close()

    body = found.client().get(found.url("stability/"), {"draws": 100, "seed": "2026"}).json()

    first, second, last = (str(entry.contestant_id) for entry in found.entries)
    assert (body["seed"], body["draws"], body["winners"]) == ("2026", 100, [first])
    # the first wins unless a draw is without the third judge, which is (2/3)^3 = 30 % of all draws
    assert body["same_winners"] == int(Decimal(body["same_winners_share"]) * 100) == 67
    places = {line["contestant"]["id"]: line for line in body["places"]}
    assert places[last]["drawn"] == [{"place": 3, "draws": 100}]
    assert places[first]["drawn"] == [{"place": 1, "draws": 67}, {"place": 2, "draws": 33}]
    without = {line["seat"]: line for line in body["without_judge"]}
    assert [without[seat]["same_winners"] for seat in ("J1", "J2", "J3")] == [True, True, False]
    assert without["J3"]["winners"] == [second]
    assert [(m["contestant"]["id"], m["before"], m["after"]) for m in without["J3"]["moved"]] == [
        (first, 1, 2),
        (second, 2, 1),
    ]


def test_stability_without_a_seed_is_the_same_each_time() -> None:
    found = close()
    client = found.client()

    once = client.get(found.url("stability/"))
    again = client.get(found.url("stability/"), HTTP_IF_NONE_MATCH=once["ETag"])

    assert (once.json()["seed"], once.json()["draws"], again.status_code) == (str(found.contest.pk), 200, 304)


@pytest.mark.parametrize("draws", ["0", "1001", "many"])
def test_a_number_of_draws_that_makes_no_sense_is_refused(draws: str) -> None:
    found = close()

    document = problem(found.client().get(found.url("stability/"), {"draws": draws}), 400, "MALFORMED_REQUEST")

    assert [pointer for pointer, _ in pointers(document)] == ["?draws"]


def test_more_draws_than_a_request_can_compute_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.contests.selectors.analysis.MOST_PANELS", 60)
    found = close()

    document = problem(found.client().get(found.url("stability/"), {"draws": 8}), 422, "INVALID")

    assert document["detail"] == "This contest has 6 panels: at most 7 draws can be computed in one request."
    assert found.client().get(found.url("stability/"), {"draws": 7}).status_code == 200


def test_a_rule_is_tried_and_nothing_changes() -> None:
    found = close()
    client = found.client(Role.ORGANIZER)
    before = client.get(found.url("leaderboard/"))

    body = client.post(
        found.url("what-if/"),
        {"categories": [{"category": str(found.category.pk), "rule": {"aggregation": "median"}}]},
    ).json()

    assert [row["total"] for row in body["before"]["rows"]] == ["14.66", "14.00", "6.00"]
    assert [row["total"] for row in body["after"]["rows"]] == ["14.00", "12.00", "6.00"]
    assert [(move["contestant"]["number"], move["before"], move["after"]) for move in body["moved"]] == [
        (2, 2, 1),
        (1, 1, 2),
    ]
    assert body["before"]["categories"][0]["rule"]["aggregation"] == "mean"
    assert body["after"]["categories"][0]["rule"]["aggregation"] == "median"
    after = client.get(found.url("leaderboard/"))
    assert (after.content, after["ETag"]) == (before.content, before["ETag"])


def test_a_weight_and_the_contests_rule_can_be_tried_too() -> None:
    found = close()

    body = (
        found.client()
        .post(
            found.url("what-if/"),
            {"rule": {"places": 1}, "categories": [{"category": str(found.category.pk), "weight": "0.5"}]},
        )
        .json()
    )

    assert [row["total"] for row in body["after"]["rows"]] == ["7.3", "7.0", "3.0"]
    assert (body["after"]["categories"][0]["weight"], body["after"]["rule"]["places"]) == ("0.5", 1)
    assert body["moved"] == []


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"drop_high": -1}, "#/categories/0/rule/drop_high"),
        ({"aggregation": "guess"}, "#/categories/0/rule/aggregation"),
        ({"favourite": "Mao"}, "#/categories/0/rule/favourite"),
        ({"tie_breakers": [{"kind": "criterion", "of": "Style"}]}, "#/categories/0/rule/tie_breakers/0/of"),
    ],
)
def test_a_rule_that_can_not_be_applied_is_refused_with_its_field(rule: dict[str, Any], pointer: str) -> None:
    found = close()

    answer = found.client().post(
        found.url("what-if/"), {"categories": [{"category": str(found.category.pk), "rule": rule}]}
    )

    assert (answer.status_code, [found for found, _ in pointers(answer.json())]) == (422, [pointer])


def test_rules_that_contradict_each_other_are_refused_with_the_contests_field() -> None:
    found = close()

    document = problem(
        found.client().post(found.url("what-if/"), {"rule": {"tie_breakers": [{"kind": "category", "of": "free"}]}}),
        422,
        "INVALID_SCORING_RULE",
    )

    assert pointers(document) == [("#/rule/tie_breakers/0/of", "UNKNOWN")]


def test_a_category_of_another_contest_or_named_twice_is_refused() -> None:
    found, other = close(), arena()
    known, strange = str(found.category.pk), str(other.category.pk)

    document = problem(
        found.client().post(
            found.url("what-if/"), {"categories": [{"category": key} for key in (known, strange, known)]}
        ),
        422,
        "INVALID",
    )

    assert pointers(document) == [
        ("#/categories/1/category", "DOES_NOT_EXIST"),
        ("#/categories/2/category", "DUPLICATE"),
    ]


def test_rules_of_a_locked_contest_are_not_compared_any_more() -> None:
    found = close()
    found.stand("locked")

    problem(found.client().post(found.url("what-if/"), {}), 409, "CONTEST_LOCKED")
