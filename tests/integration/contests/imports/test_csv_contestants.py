"""Contestants from CSV files: what is wrong is named, and nothing is ever loaded by half."""

from __future__ import annotations

import pytest

from apps.accounts.enums import Role
from apps.contests.models import Contestant, Entry, Recusal
from apps.contests.services.imports import csv_uploads
from apps.contests.tasks import import_csv
from apps.core.jobs.models import Job, JobState
from tests.api import pointers, problem
from tests.integration.contests.arena import Arena, arena
from tests.integration.contests.imports.uploads import count, faults_of, imported, refused, rehearsed, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "sent")]

HEADER = "number,name,affiliation,email,members,categories\n"


@pytest.fixture
def found() -> Arena:
    """A contest with the numbers 1 to 3."""
    return arena()


def test_of_ten_thousand_rows_the_thirty_bad_ones_are_named_by_line_and_column(found: Arena) -> None:
    """The faults are of five kinds, one on every 300th row; the real run is refused whole."""
    rows = [f"{number},Skater {number},Club {number % 40},s{number}@example.org" for number in range(10, 10_010)]
    bad = {
        0: (",Nobody,Club,", "number", "REQUIRED"),
        1: ("twelve,Somebody,Club,", "number", "NOT_A_NUMBER"),
        2: ("{number},,Club,", "name", "REQUIRED"),
        3: ("{number},Skater,Club,at home", "email", "NOT_AN_EMAIL"),
        4: ("10,Twin,Club,", "number", "DUPLICATE_ROW"),
    }
    expected = []
    for place in range(30):
        at = 300 * place + 150
        text, column, code = bad[place % 5]
        rows[at] = text.format(number=at + 10)
        expected.append((at + 2, column, code))
    content = "number,name,affiliation,email\n" + "\n".join(rows) + "\n"
    client = found.client(Role.ORGANIZER)

    report = rehearsed(client, "contestants", content, found)
    errors = refused(send(client, "contestants", content, found))

    assert faults_of(report) == expected
    assert (report["valid"], report["rows"], report["fault_count"]) == (False, 10_000, 30)
    assert errors == [(f"#/files/contestants.csv/rows/{line}/{column}", code) for line, column, code in expected]
    assert (count(Contestant), Job.of_all_organizations.count()) == (3, 0)


def test_a_good_file_is_loaded_with_its_entries(found: Arena) -> None:
    with found.scope():
        judge = found.seats[0].judge
        judge.affiliation = "espoo"
        judge.save()
    content = "\ufeff" + HEADER + "7,Åsa,Espoo,asa@example.org,,short\n8,Pair,,,Ann; Bob,*\n9,Guest,,,,\n,,,,,\n"
    client = found.client(Role.ORGANIZER)
    report = rehearsed(client, "contestants", content, found)
    before = count(Contestant)
    result = imported(client, "contestants", content, found)

    assert (report["valid"], report["counts"], before) == (True, {"created": 3, "entries": 2}, 3)
    assert {name: result[name] for name in ("rows", "created", "entries")} == {"rows": 3, "created": 3, "entries": 2}
    with found.scope():
        rows = Contestant.objects.filter(number__gte=7).values_list("name", "affiliation", "email", "members")
        assert list(rows) == [
            ("Åsa", "Espoo", "asa@example.org", []),
            ("Pair", "", "", ["Ann", "Bob"]),
            ("Guest", "", "", []),
        ]
        assert Entry.objects.filter(contestant__number__gte=7).count() == 2
        assert Recusal.objects.get().contestant.number == 7


def test_a_number_that_is_taken_is_refused_or_given_the_files_values(found: Arena) -> None:
    content = "number,name\n1,Renamed\n2,Renamed too\n"
    client = found.client(Role.ORGANIZER)
    assert refused(send(client, "contestants", content, found)) == [
        ("#/files/contestants.csv/rows/2/number", "ALREADY_EXISTS"),
        ("#/files/contestants.csv/rows/3/number", "ALREADY_EXISTS"),
    ]

    first = imported(client, "contestants", content, found, on_existing="update")
    again = imported(client, "contestants", content, found, on_existing="update")

    assert (first["updated"], again["unchanged"], count(Contestant)) == (2, 2, 3)
    with found.scope():
        renamed = Contestant.objects.get(number=1)
        assert (renamed.name, renamed.affiliation, renamed.version) == ("Renamed", "Club 1", 2)


def test_a_formula_is_a_name_like_any_other(found: Arena) -> None:
    imported(found.client(), "contestants", 'number,name\n7,"=HYPERLINK(""http://x"")"\n', found)

    with found.scope():
        assert Contestant.objects.get(number=7).name == '=HYPERLINK("http://x")'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\n", [(0, "", "EMPTY")]),
        ("number\n1\n", [(1, "name", "MISSING_COLUMN")]),
        ("number,name,colour\n1,A,red\n", [(1, "colour", "UNKNOWN_COLUMN")]),
        ("number,name,name\n1,A,B\n", [(1, "name", "DUPLICATE_COLUMN")]),
        (
            "number;name\n1;A\n",
            [
                (1, "number", "MISSING_COLUMN"),
                (1, "name", "MISSING_COLUMN"),
                (1, "number;name", "UNKNOWN_COLUMN"),
            ],
        ),
        ("number,name\n7,A\n8\n", [(3, "", "WRONG_CELL_COUNT")]),
        ('number,name\n7,"A\n', [(2, "", "NOT_CSV")]),
        (f"number,name\n7,{'x' * 201}\n", [(2, "name", "TOO_LONG")]),
        ("number,name\n0,A\n", [(2, "number", "OUT_OF_SCALE")]),
        ("number,name,categories\n7,A,long\n", [(2, "categories", "UNKNOWN_CATEGORY")]),
        ("number,name\n7,Åsa\n".encode("latin-1"), [(2, "", "WRONG_ENCODING")]),
        (b"number,name\n7,A\0\n", [(2, "", "NOT_TEXT")]),
    ],
)
def test_each_fault_has_a_code_and_a_place(
    found: Arena, content: str | bytes, expected: list[tuple[int, str, str]]
) -> None:
    report = rehearsed(found.client(), "contestants", content, found)

    assert faults_of(report) == expected


def test_a_locked_contest_takes_no_rows_not_even_for_a_rehearsal(found: Arena) -> None:
    found.stand("locked")
    content = "number,name\n7,A\n"

    problem(send(found.client(), "contestants", content, found, dry_run="true"), 409, "CONTEST_LOCKED")
    problem(send(found.client(), "contestants", content, found), 409, "CONTEST_LOCKED")


def test_a_contest_that_was_locked_meanwhile_fails_the_job(found: Arena) -> None:
    job = send(found.client(), "contestants", "number,name\n7,A\n", found).json()["id"]
    found.stand("locked")

    assert import_csv(job) == "failed"
    assert Job.of_all_organizations.get(pk=job).problem["code"] == "CONTEST_LOCKED"
    assert count(Contestant) == 3


def test_another_organizations_contest_is_not_there(found: Arena) -> None:
    body = problem(send(arena().client(), "contestants", "number,name\n7,A\n", found), 422, "INVALID")

    assert pointers(body) == [("#/contest", "DOES_NOT_EXIST")]


def test_a_large_file_is_rehearsed_by_a_job(found: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_uploads, "READ_AT_ONCE", 0)
    response = send(found.client(), "contestants", "number,name\n1,A\n8,\n", found, dry_run="true")
    outcome = import_csv(response.json()["id"])
    job = Job.of_all_organizations.get()

    assert (response.status_code, outcome, job.state) == (202, "succeeded", JobState.SUCCEEDED)
    assert faults_of(job.result) == [(2, "number", "ALREADY_EXISTS"), (3, "name", "REQUIRED")]
    assert count(Contestant) == 3


def test_too_many_bytes_are_refused(found: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_uploads, "LARGEST", 10)

    assert refused(send(found.client(), "contestants", "number,name\n7,A\n", found)) == [
        ("#/files/contestants.csv", "TOO_LARGE")
    ]
