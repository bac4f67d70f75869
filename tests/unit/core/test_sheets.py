"""Tables as files."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from apps.core.rest.sheets import FORMULA_STARTS, Sheet, csv_file, guarded, unguarded, xlsx_file

HEADER = ("Name", "Total")


def csv_rows(*rows: Any) -> list[list[str]]:
    with csv_file(Sheet("Results", HEADER, rows)) as file:
        return list(csv.reader(io.StringIO(file.read().decode(), newline="")))[1:]


def workbook(*sheets: Sheet) -> Any:
    with xlsx_file(sheets) as file:
        return load_workbook(file)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_text_is_never_a_formula(text: str) -> None:
    cell = workbook(Sheet("Results", HEADER, [(text, None)]))["Results"]["A2"]

    assert csv_rows((text, None)) == [[f"'{text}", ""]]
    assert (cell.data_type, cell.value) == ("s", text.replace("\r", "\n"))  # XML knows one end of a line


def test_numbers_are_exact_and_negative_ones_are_no_formulas() -> None:
    rows = [("A", Decimal("-0.10")), ("B", Decimal("1E+2")), ("C", Decimal("12345678.1234")), ("D", 7)]
    page = workbook(Sheet("Results", HEADER, rows))["Results"]

    assert [row[1] for row in csv_rows(*rows)] == ["-0.10", "100", "12345678.1234", "7"]
    assert [page.cell(place, 2).value for place in range(2, 6)] == [-0.1, 100, 12345678.1234, 7]


@given(st.text(max_size=20))
def test_a_guard_can_be_taken_off(text: str) -> None:
    assert guarded(text) == text or (guarded(text)[1:] == text and text.startswith(FORMULA_STARTS))
    if not text.startswith("'"):
        assert unguarded(guarded(text)) == text


def test_what_xml_can_not_hold_is_left_out_of_a_workbook() -> None:
    book = workbook(Sheet("Lad\x01ies\ufffe", ("Na\x02me", "Total"), [("A\x1f\uffff\U0001f947", None)]))

    assert book.sheetnames == ["Ladies"]
    assert [cell.value for cell in book["Ladies"]["A"]] == ["Name", "A\U0001f947"]


def test_a_sheet_never_ends_in_an_apostrophe() -> None:
    assert workbook(Sheet("x" * 30 + "'s", HEADER, [])).sheetnames == ["x" * 30]


def test_a_workbook_has_a_sheet_each_whatever_their_names() -> None:
    names = ["Free/skating", "Free?skating", "x" * 40, "x" * 41, ""]
    book = workbook(*(Sheet(name, HEADER, [("A\x0b", 1)]) for name in names))

    assert book.sheetnames == ["Free skating", "Free skating 2", "x" * 31, "x" * 29 + " 2", "Sheet"]
    assert book["Sheet"]["A2"].value == "A"


def test_a_long_table_is_written_as_its_rows_come() -> None:
    with csv_file(Sheet("Marks", HEADER, ((f"Skater {number}", number) for number in range(300_000)))) as file:
        lines = file.read().split(b"\r\n")

    assert (lines[0], lines[-2], len(lines)) == (b"Name,Total", b"Skater 299999,299999", 300_002)
