"""Results and marks as files: what the board shows, to whom it shows it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from apps.accounts.enums import Role
from apps.contests.models import Contestant, Score
from tests.api import problem
from tests.factories.contests import DeductionFactory, certify
from tests.integration.contests.arena import Arena, arena
from tests.integration.contests.imports.uploads import rehearsed

pytestmark = pytest.mark.django_db

HEADER = ["Place", "Shared", "Number", "Name", "Affiliation", "Status"]


def body_of(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content) if response.streaming else response.content


def rows_of(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body_of(response).decode(), newline="")))


@pytest.fixture
def found() -> Arena:
    """Three contestants with marks of 5, 4 and 3; the second one is out, the third one's name is a formula."""
    made = arena(name="Ladies")
    made.mark_all()
    with made.scope():
        Contestant.objects.filter(number=2).update(status="disqualified", name="Berit")
        Contestant.objects.filter(number=1).update(name="Aada")
        Contestant.objects.filter(number=3).update(name="=cmd|' /C calc'!A0")
    DeductionFactory.create(entry=made.entries[0], amount=Decimal("0.55"))
    return made


def test_the_winner_list_is_a_csv_file(found: Arena) -> None:
    response = found.client(Role.VIEWER).get(found.url("results/csv/"))
    name = found.category.name

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{found.contest.slug}-results.csv"'
    assert rows_of(response) == [
        [*HEADER, name, f"{name}: place", "Deductions", "Total", "Decided by"],
        ["1", "", "1", "Aada", "Club 1", "", "9.45", "1", "0.00", "9.45", ""],
        ["2", "", "3", "'=cmd|' /C calc'!A0", "Club 3", "", "6.00", "2", "0.00", "6.00", ""],
        ["", "", "2", "Berit", "Club 2", "Disqualified", "", "", "", "", ""],
    ]


def test_a_workbook_has_the_categories_and_the_certification_too(found: Arena) -> None:
    found.stand("locked")
    certification = certify(found.contest)
    response = found.client().get(found.url("results/xlsx/"))
    book = load_workbook(io.BytesIO(body_of(response)))
    category = [[cell.value for cell in row] for row in book[found.category.name].iter_rows()]

    assert book.sheetnames == ["Ladies", found.category.name, "About"]
    assert category[0] == [
        *HEADER, "Skating skills", "Composition", "Technical points", "Deductions", "Total", "Decided by",
    ]  # fmt: skip
    assert category[1] == [1, None, 1, "Aada", "Club 1", None, 5, 5, None, 0.55, 9.45, None]
    assert (book["Ladies"]["D3"].value, book["Ladies"]["D3"].data_type) == ("=cmd|' /C calc'!A0", "s")
    about = {row[0].value: row[1].value for row in book["About"].iter_rows(min_row=2)}
    assert (about["Certification"], about["SHA-256"]) == (1, certification.digest)


def test_the_printable_page_says_whether_the_result_is_certified(found: Arena) -> None:
    client = found.client()
    provisional = body_of(client.get(found.url("results/print/"))).decode()
    found.stand("locked")
    certification = certify(found.contest)
    response = client.get(found.url("results/print/"), headers={"accept": "text/html"})
    certified = body_of(response).decode()

    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert ("Provisional" in provisional, "Provisional" in certified) == (True, False)
    assert f"<code>{certification.digest}</code>" in certified
    assert "<script" not in certified
    assert "=cmd|&#x27; /C calc&#x27;!A0" in certified


def test_judges_get_no_figures_before_the_lock_and_no_names_in_a_blind_contest(found: Arena) -> None:
    with found.scope():
        found.contest.blind = True
        found.contest.save()
    judge = found.client(Role.JUDGE)
    before = rows_of(judge.get(found.url("results/csv/")))
    page = body_of(judge.get(found.url("results/print/"))).decode()
    book = load_workbook(io.BytesIO(body_of(judge.get(found.url("results/xlsx/")))))
    figures = {cell.value for row in book[found.category.name].iter_rows(min_row=2) for cell in row}

    assert [row[:5] + row[6:8] + row[9:10] for row in before[1:]] == [
        ["", "", str(number), "", "", "", "", ""] for number in (1, 2, 3)
    ]
    assert ("Aada" in page, "9.45" in page, "no figures are shown to judges" in page) == (False, False, True)
    assert figures == {None, 0, 1, 2, 3, "Disqualified", 0.55}
    problem(judge.get(found.url("marks/csv/")), 403, "FORBIDDEN")


def test_marks_go_out_in_the_columns_that_they_come_in_by(found: Arena) -> None:
    with found.scope():
        Contestant.objects.filter(number=2).update(status="entered")
    auditor = found.client(Role.AUDITOR)
    response = auditor.get(found.url("marks/csv/"))
    content = body_of(response)
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))

    assert rows[:3] == [
        ["number", "category", "criterion", "seat", "value", "state"],
        ["1", "short", "Skating skills", "J1", "5.0000", "scored"],
        ["1", "short", "Skating skills", "J2", "5.0000", "scored"],
    ]
    assert len(rows) == 1 + 18
    report = rehearsed(found.client(Role.TALLY_MASTER), "scores", content, found, on_existing="update")
    assert (report["valid"], report["counts"]["unchanged"]) == (True, 18)


@pytest.mark.parametrize("people", [3, 30])
def test_an_export_asks_as_often_for_many_rows_as_for_few(
    found: Arena, people: int, django_assert_num_queries: Any
) -> None:
    with found.scope():
        for number in range(4, people + 1):
            Contestant.objects.create(
                organization=found.organization, contest=found.contest, number=number, name=f"Skater {number}"
            )
    client = found.client()
    body_of(client.get(found.url("results/csv/")))
    with django_assert_num_queries(QUERIES["csv"]):
        body_of(client.get(found.url("results/csv/")))
    with django_assert_num_queries(QUERIES["xlsx"]):
        body_of(client.get(found.url("results/xlsx/")))
    with found.scope():
        assert Score.objects.count() == 18


QUERIES = {"csv": 12, "xlsx": 13}


def test_a_parameter_that_is_not_known_is_refused(found: Arena) -> None:
    problem(found.client().get(found.url("results/csv/?delimiter=;")), 400, "MALFORMED_REQUEST")
