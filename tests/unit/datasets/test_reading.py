"""Tables read from files."""

from __future__ import annotations

import csv
import hashlib
import io
import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.datasets.reading import Column, ColumnType, Limits, TableProblem, TableSurvey, survey_table
from apps.datasets.reading.columns import ColumnWatcher, join

LIMITS = Limits(bytes=1_000_000, rows=10_000, columns=50)
T = ColumnType


def survey(content: bytes, limits: Limits = LIMITS) -> TableSurvey:
    return survey_table(io.BytesIO(content), limits)


def refused(content: bytes, limits: Limits = LIMITS) -> TableProblem:
    with pytest.raises(TableProblem) as refusal:
        survey(content, limits)
    return refusal.value


def test_a_table_is_described() -> None:
    content = (
        b"id,name,points,passed,born,seen\n"
        b"1,Yuna,78.50,true,1990-09-05,2026-01-02T10:00:00Z\n"
        b"2,Mao,73.78,no,1990-09-25,\n"
    )
    found = survey(content)
    assert found == TableSurvey(
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        encoding="utf-8",
        delimiter=",",
        row_count=2,
        columns=(
            Column("id", T.INTEGER, nullable=False),
            Column("name", T.TEXT, nullable=False),
            Column("points", T.DECIMAL, nullable=False),
            Column("passed", T.BOOLEAN, nullable=False),
            Column("born", T.DATE, nullable=False),
            Column("seen", T.DATETIME, nullable=True),
        ),
    )


def test_the_file_stays_open_for_the_next_reader() -> None:
    file = io.BytesIO(b"a\n1\n")
    survey_table(file, LIMITS)
    file.seek(0)
    assert file.read() == b"a\n1\n"


@pytest.mark.parametrize(
    ("values", "kind", "nullable"),
    [
        (["1", "-2", "+3", "0"], T.INTEGER, False),
        (["1", "2.5"], T.DECIMAL, False),
        (["2.5", "1"], T.DECIMAL, False),
        (["1e3", ".5", "5."], T.DECIMAL, False),
        (["1", "NA", ""], T.INTEGER, True),
        (["NA", "DE", "FI"], T.TEXT, False),
        (["NA", "NA"], T.TEXT, False),
        (["", ""], T.TEXT, True),
        (["007", "008"], T.TEXT, False),
        (["007.5"], T.TEXT, False),
        (["123456789012345678"], T.INTEGER, False),
        (["1234567890123456789"], T.DECIMAL, False),
        (["TRUE", "no"], T.BOOLEAN, False),
        (["true", "1"], T.TEXT, False),
        (["0", "1"], T.INTEGER, False),
        (["2026-02-28", "2026-02-29"], T.TEXT, False),
        (["2026-02-28", "2026-02-28T10:00"], T.DATETIME, False),
        (["2026-02-28 10:00:00+02:00"], T.DATETIME, False),
        (["2026-02-28", "7"], T.TEXT, False),
        ([" 1", "2 "], T.INTEGER, False),
        (["١٢"], T.TEXT, False),
        (["nan", "1.5"], T.DECIMAL, True),
        (["inf"], T.TEXT, False),
    ],
)
def test_the_narrowest_type_that_holds_every_value_wins(values: list[str], kind: T, nullable: bool) -> None:
    watcher = ColumnWatcher("x")
    watcher.look_at(values)
    assert watcher.column() == Column("x", kind, nullable)


VALUES = st.sampled_from(["", "1", "-7", "2.5", "NA", "true", "2026-01-01", "2026-01-01T00:00", "x", "007", "null"])


@given(st.lists(VALUES), st.randoms(), st.integers(1, 5))
def test_neither_the_order_of_rows_nor_the_size_of_batches_matters(
    values: list[str], random: Random, size: int
) -> None:
    whole, pieces = ColumnWatcher("x"), ColumnWatcher("x")
    whole.look_at(values)
    shuffled = list(values)
    random.shuffle(shuffled)
    for start in range(0, len(shuffled), size):
        pieces.look_at(shuffled[start : start + size])
    assert pieces.column() == whole.column()


@given(st.sampled_from(T), st.sampled_from(T), st.sampled_from(T))
def test_joining_types_is_commutative_associative_and_idempotent(a: T, b: T, c: T) -> None:
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(a, a) == a


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8)


@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=6)),
    st.sampled_from(",;\t|"),
)
def test_whatever_pythons_writer_writes_is_read(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{n}" for n in range(len(rows[0]))])
    writer.writerows(rows)
    found = survey(file.getvalue().encode())
    assert (found.delimiter, found.row_count, len(found.columns)) == (delimiter, len(rows), len(rows[0]))


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"],
)
def test_the_encoding_is_found(encoding: str) -> None:
    found = survey("näme,points\nJürgen “Jü”,1\n".encode(encoding))
    assert found.encoding == encoding
    assert [column.name for column in found.columns] == ["näme", "points"]


def test_a_character_cut_by_the_end_is_no_character() -> None:
    assert survey(b"a,b\n1,\xc3").encoding == "cp1252"
    assert refused(b"\xef\xbb\xbfa,b\n1,\xc3").code == "NOT_TEXT"


def test_a_field_too_long_for_the_sample_leaves_the_usual_delimiter() -> None:
    content = b'"' + b"x" * 50 + b'",b\n1,2\n'
    assert survey(content).delimiter == ","


def test_a_character_cut_by_a_chunk_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.datasets.reading.bytes.CHUNK", 1)
    assert survey("a,b\nü,€\n".encode()).encoding == "utf-8"


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (b"a;b;c\n1,5;2,5;3,5\n", ";"),
        (b"a\tb\n1,2\t3\n", "\t"),
        (b"a|b\n1|2\n", "|"),
        (b"only\none\n", ","),
        (b'"a,b";c\n"1,2";3\n', ";"),
        (b"sentence\nthis, that and, those\n", ","),
    ],
)
def test_the_delimiter_is_found(content: bytes, delimiter: str) -> None:
    if content.startswith(b"sentence"):
        assert refused(content).code == "BAD_ROWS"
    else:
        assert survey(content).delimiter == delimiter


def test_quoted_line_breaks_and_delimiters_belong_to_the_value() -> None:
    assert survey(b'a,b\n"x\r\ny, z","say ""hi"""\n').row_count == 1


def test_blank_lines_are_no_rows() -> None:
    assert survey(b"\n\na,b\n\n1,2\r\n\r\n3,4").row_count == 2


def test_bad_rows_are_named_by_line() -> None:
    problem = refused(b'a,b\n1,2\n1\n"x\ny",2\n1,2,3\n"open"x,2\n')
    assert (problem.code, problem.detail, problem.bad_rows) == ("BAD_ROWS", "3 of 5 rows can't be read.", 3)
    assert [(row.line, row.code) for row in problem.rows] == [
        (3, "WRONG_NUMBER_OF_FIELDS"),
        (6, "WRONG_NUMBER_OF_FIELDS"),
        (7, "UNREADABLE_ROW"),
    ]
    assert problem.rows[0].detail == "Line 3 has 1 fields; the header has 2."


def test_only_the_first_twenty_are_named() -> None:
    problem = refused(b"a,b\n" + b"1\n" * 30)
    assert (problem.bad_rows, len(problem.rows), problem.rows[-1].line) == (30, 20, 21)


def test_a_quotation_mark_that_is_never_closed_says_so() -> None:
    problem = refused(b'a,b\n1,2\n"open,2\n3,4\n')
    assert [(row.line, row.detail) for row in problem.rows] == [
        (3, "Line 3: a quotation mark is opened and never closed.")
    ]


def test_a_quotation_mark_that_swallows_the_rest_of_a_large_file_says_so() -> None:
    problem = refused(b'a,b\n1,2\n"open,2\n' + b"3,4\n" * 50_000, Limits(bytes=10**6, rows=10**5, columns=5))
    assert problem.rows[0].line == 3
    assert "quotation mark not closed" in problem.rows[0].detail


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"\n\n\n", "NO_HEADER"),
        (b'"open', "NO_HEADER"),
        (b"a,b\n", "NO_ROWS"),
        (b"a,b\n\n\n", "NO_ROWS"),
        (b"a,,c\n1,2,3\n", "NAMELESS_COLUMN"),
        (b"a, a ,b\n1,2,3\n", "DUPLICATE_COLUMN"),
        (b"a\n1\n\x002\n", "NUL_BYTES"),
        ("a,b\n1,2\n".encode("utf-16-le"), "NUL_BYTES"),
        ("a\0,b\n1,2\n".encode("utf-16"), "NUL_BYTES"),
        (b"a\n\x81\n", "NOT_TEXT"),
        (b"\xef\xbb\xbfa\n\xff\n", "NOT_TEXT"),
        (b"\xff\xfea\x00\x00", "NOT_TEXT"),
        (b"PK\x03\x04rest", "UNSUPPORTED_FORMAT"),
        (b"\x1f\x8brest", "UNSUPPORTED_FORMAT"),
        (b"PAR1rest", "UNSUPPORTED_FORMAT"),
        (b"x" * 201 + b"\n1\n", "COLUMN_NAME_TOO_LONG"),
        (b",".join(b"c%d" % n for n in range(51)) + b"\n", "TOO_MANY_COLUMNS"),
        (b"a\n" + b"1\n" * 10_001, "TOO_MANY_ROWS"),
        (b"a\n" + b"1234567890\n" * 100_000, "TOO_LARGE"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(content: bytes, code: str) -> None:
    assert refused(content).code == code


def test_the_nul_byte_is_named_by_line() -> None:
    assert refused(b"a\n1\n2\n\x00\n").detail.startswith("Line 4 holds a NUL byte.")


def test_duplicate_columns_are_named() -> None:
    assert refused(b"b,a,b,a,c\n").detail == "The header names a column more than once: a, b."


def test_memory_does_not_grow_with_the_file() -> None:
    limits = Limits(bytes=10**9, rows=10**7, columns=10)

    def peak(rows: int) -> int:
        file = io.BytesIO(b"a,b,c\n" + b"1,some text,2.5\n" * rows)
        tracemalloc.start()
        survey_table(file, limits)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < peak(6_000) * 1.2
