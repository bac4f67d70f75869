"""Judges with their seats, and marks, from CSV files."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Assignment, Judge, Recusal, Score
from apps.contests.services.imports import marks
from tests.api import problem
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.contests import RecusalFactory
from tests.integration.contests.arena import Arena, arena
from tests.integration.contests.imports.uploads import count, faults_of, imported, refused, rehearsed, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "sent")]

MARKS = "number,category,criterion,seat,value,state\n"


@pytest.fixture
def found() -> Arena:
    """A contest that is being scored: seats J1 to J3, numbers 1 to 3, two criteria of one category."""
    return arena()


class TestJudges:
    """Known by email, or by name without one."""

    def test_judges_come_into_the_organization_without_a_contest(self, found: Arena) -> None:
        content = "name,email,affiliation\nAnn,ann@example.org,Espoo\nBob,,\n"
        client = found.client(Role.ORGANIZER)
        result = imported(client, "judges", content)

        assert (result["created"], result["contest"], count(Judge)) == (2, None, 5)
        assert refused(send(client, "judges", content)) == [
            ("#/files/judges.csv/rows/2/email", "ALREADY_EXISTS"),
            ("#/files/judges.csv/rows/3/name", "ALREADY_EXISTS"),
        ]
        assert imported(client, "judges", content, on_existing="update")["unchanged"] == 2

    def test_seats_are_taken_and_conflicts_of_interest_recused(self, found: Arena) -> None:
        content = "name,affiliation,seats\nAnn,club 2,short:J7:head_judge\nBob,,short : J8\n"
        result = imported(found.client(), "judges", content, found)

        assert (result["created"], result["seats"]) == (2, 2)
        with found.scope():
            seats = Assignment.objects.filter(seat__in=["J7", "J8"]).values_list("seat", "role", "judge__name")
            assert list(seats) == [("J7", "head_judge", "Ann"), ("J8", "judge", "Bob")]
            assert Recusal.objects.get().contestant.number == 2

    def test_a_new_affiliation_recuses_where_the_judge_sits_already(self, found: Arena) -> None:
        name = found.seats[1].judge.name
        result = imported(found.client(), "judges", f"name,affiliation\n{name},Club 3\n", on_existing="update")

        assert result["updated"] == 1
        with found.scope():
            assert Recusal.objects.get().contestant.number == 3

    def test_what_is_wrong_with_judges_and_seats_is_named(self, found: Arena) -> None:
        content = (
            "name,email,seats\n"
            "Ann,ann@example.org,short:J1\n"
            "Ben,ann@example.org,\n"
            "Cid,,long:J9\n"
            "Dan,,short\n"
            "Eve,,short:J9:boss\n"
            "Fay,,short:J10; short:J11\n"
            "Gus,,short:J10\n"
            "gus,,\n"
        )
        assert faults_of(rehearsed(found.client(), "judges", content, found)) == [
            (2, "seats", "SEAT_TAKEN"),
            (3, "email", "DUPLICATE_ROW"),
            (4, "seats", "UNKNOWN_CATEGORY"),
            (5, "seats", "NOT_A_SEAT"),
            (6, "seats", "UNKNOWN_ROLE"),
            (7, "seats", "ALREADY_SEATED"),
            (9, "name", "DUPLICATE_ROW"),
        ]
        assert faults_of(rehearsed(found.client(), "judges", "name,seats\nAnn,short:J1\n")) == [
            (2, "seats", "CONTEST_REQUIRED")
        ]

    def test_two_judges_of_one_name_must_be_told_apart(self, found: Arena) -> None:
        with found.scope():
            Judge.objects.update(name="Same")

        report = rehearsed(found.client(), "judges", "name\nSame\n", on_existing="update")
        assert faults_of(report) == [(2, "name", "AMBIGUOUS")]

    def test_a_members_email_makes_the_judge_that_member(self, found: Arena) -> None:
        """Found by the address that they sign in with, whatever its case; nobody is linked twice."""
        mary, strange = member(found.organization, Role.JUDGE), member(OrganizationFactory.create(), Role.JUDGE)
        content = f"name,email\nMary,{mary.email.upper()}\nStan,{strange.email}\nBob,\n"

        report = rehearsed(found.client(), "judges", content)
        first = imported(found.client(), "judges", content)
        again = imported(found.client(), "judges", content, on_existing="update")

        assert report["counts"] == {"created": 3, "linked": 1}
        assert (first["created"], first["linked"], again["unchanged"], "linked" in again) == (3, 1, 3, False)
        with found.scope():
            linked = Judge.objects.filter(name__in=["Mary", "Stan", "Bob"]).order_by("name")
            assert list(linked.values_list("name", "user")) == [("Bob", None), ("Mary", mary.pk), ("Stan", None)]

    def test_a_judge_who_is_there_is_linked_once_their_address_is_known(self, found: Arena) -> None:
        mary = member(found.organization, Role.JUDGE)
        with found.scope():
            Judge.objects.filter(pk=found.seats[1].judge_id).update(email=mary.email)
        result = imported(found.client(), "judges", f"name,email\nMary,{mary.email}\n", on_existing="update")

        assert (result["updated"], result["linked"]) == (1, 1)
        with found.scope():
            assert Judge.objects.get(user=mary).pk == found.seats[1].judge_id

    def test_who_signs_in_as_a_judge_is_found_by_that_and_stays_it(self, found: Arena) -> None:
        signs_in = found.person(Role.JUDGE)
        content = f"name,email\nJane,{signs_in.email}\n"

        assert refused(send(found.client(), "judges", content)) == [
            ("#/files/judges.csv/rows/2/email", "ALREADY_EXISTS")
        ]
        assert imported(found.client(), "judges", content, on_existing="update")["updated"] == 1
        with found.scope():
            judge = Judge.objects.get(user=signs_in)
            assert (judge.pk, judge.name, judge.email) == (found.seats[0].judge_id, "Jane", signs_in.email)
            Judge.objects.filter(pk=found.seats[1].judge_id).update(email=signs_in.email)
        report = rehearsed(found.client(), "judges", content, on_existing="update")
        assert faults_of(report) == [(2, "email", "AMBIGUOUS")]


class TestMarks:
    """By the rules of all marks."""

    def test_marks_are_loaded_and_sent_again_change_nothing(self, found: Arena) -> None:
        content = MARKS + "1,short,Composition,J1,7.25,\n2,short,Composition,J1,,absent\n3,short,Composition,J2,0,\n"
        client = found.client(Role.TALLY_MASTER)
        first = imported(client, "scores", content, found)
        changed = imported(client, "scores", content.replace("7.25", "8.5"), found, on_existing="update")

        assert (first["created"], changed["updated"], changed["unchanged"]) == (3, 1, 2)
        assert refused(send(client, "scores", content, found)) == [
            (f"#/files/scores.csv/rows/{line}", "ALREADY_EXISTS") for line in (2, 3, 4)
        ]
        with found.scope():
            values = Score.objects.order_by("entry__starting_order").values_list("state", "value", "version")
            assert list(values) == [("scored", Decimal("8.5"), 2), ("absent", None, 1), ("scored", Decimal(0), 1)]

    def test_each_rule_of_marks_names_its_column(self, found: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(marks, "BATCH", 2)
        RecusalFactory.create(assignment=found.seats[2], contestant=found.entries[2].contestant)
        with found.scope():
            found.entries[1].state = "no_show"
            found.entries[1].save()
            Assignment.objects.filter(pk=found.seats[1].pk).update(role="reserve")
        lines = {
            "1,short,Composition,J1,5,": [],
            "1,short,Composition,J1,5,absent": [("", "DUPLICATE_ROW")],
            "1,short,Composition,J3,10.25,": [("value", "OUT_OF_SCALE")],
            "1,short,Skating skills,J1,5.1,": [("value", "WRONG_STEP")],
            "1,short,Skating skills,J3,,": [("value", "REQUIRED")],
            "3,short,Composition,J1,5,abstained": [("value", "NOT_ALLOWED")],
            "3,short,Composition,J3,5,": [("seat", "CONFLICT_OF_INTEREST")],
            "2,short,Composition,J1,5,": [("number", "ENTRY_NOT_COMPETING")],
            "1,short,Composition,J2,5,": [("seat", "SEAT_NOT_MARKING")],
            "9,short,Charm,J9,five,": [("value", "NOT_A_NUMBER")],
            "9,short,Charm,J9,5,": [
                ("number", "UNKNOWN_NUMBER"), ("criterion", "UNKNOWN_CRITERION"), ("seat", "UNKNOWN_SEAT"),
            ],
            "3,long,Composition,J1,5,": [("category", "UNKNOWN_CATEGORY")],
            "3,short,Skating skills,J1,5,forgot": [("state", "UNKNOWN_STATE")],
        }  # fmt: skip
        report = rehearsed(found.client(), "scores", MARKS + "\n".join(lines) + "\n", found)

        assert faults_of(report) == [
            (line, column, code) for line, faults in enumerate(lines.values(), start=2) for column, code in faults
        ]
        assert count(Score) == 0

    def test_a_fault_in_the_last_batch_takes_back_the_first(
        self, found: Arena, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(marks, "BATCH", 2)
        content = MARKS + "".join(f"{number},short,Composition,J1,5,\n" for number in (1, 2, 3, 4))

        assert refused(send(found.client(), "scores", content, found)) == [
            ("#/files/scores.csv/rows/5/number", "UNKNOWN_NUMBER")
        ]
        assert count(Score) == 0

    def test_marks_are_taken_while_the_contest_is_scored(self, found: Arena) -> None:
        for status, code in (("open", "CONTEST_NOT_SCORING"), ("locked", "CONTEST_LOCKED")):
            found.stand(status)
            problem(send(found.client(), "scores", MARKS + "1,short,Composition,J1,5,\n", found), 409, code)

    def test_who_organizes_only_can_not_import_marks(self, found: Arena) -> None:
        content = MARKS + "1,short,Composition,J1,5,\n"

        problem(send(found.client(Role.ORGANIZER), "scores", content, found), 403, "FORBIDDEN")
        problem(send(found.client(Role.JUDGE), "scores", content, found), 403, "FORBIDDEN")
