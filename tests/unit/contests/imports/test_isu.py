"""What is read from good files, and what is said about bad ones."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest

from apps.contests.services.imports import faults, tables
from apps.contests.services.imports.faults import InvalidFiles
from apps.contests.services.imports.isu import read_competitions
from apps.contests.services.imports.isu_rows import ASPECTS, MARKS, PERFORMANCES
from apps.contests.services.imports.naming import slug_of
from apps.contests.services.imports.sheets import ContestSheet, CriterionSheet
from tests.unit.contests.imports.small_files import TEXTS, small_files

Change = tuple[str, str, str]


def read_contest(*changes: Change) -> ContestSheet:
    (competition,) = read_competitions(small_files(*changes))
    (contest,) = competition.contests
    return contest


def refusal(files: dict[str, BytesIO]) -> InvalidFiles:
    with pytest.raises(InvalidFiles) as caught:
        read_competitions(files)
    return caught.value


def told(*changes: Change) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in refusal(small_files(*changes)).errors]


def test_a_competition_becomes_contests_categories_and_criteria() -> None:
    (competition,) = read_competitions(small_files())
    (contest,) = competition.contests

    assert (competition.name, competition.slug) == ("Lake Cup 2026", "lake-cup-2026")
    assert (contest.name, contest.slug, contest.marks) == ("Ladies", "ladies", 24)
    assert [(category.name, category.slug, category.seats) for category in contest.categories] == [
        ("Short program", "short-program", ("J1", "J2", "J3")),
        ("Free skating", "free-skating", ("J1", "J2", "J3")),
    ]
    assert contest.categories[1].criteria == (
        CriterionSheet("Skating Skills", Decimal("1.6")),
        CriterionSheet("Composition", Decimal("1.6")),
    )


def test_contestants_are_numbered_as_they_first_start() -> None:
    contest = read_contest()

    assert [(one.number, one.name, one.affiliation) for one in contest.contestants] == [
        (1, "Berit BERG", "SWE"),
        (2, "Aada AALTO", "FIN"),
    ]
    assert [(entry.number, entry.starting_order) for entry in contest.categories[1].entries] == [(2, 1), (1, 2)]


def test_a_pair_has_members() -> None:
    contest = read_contest(
        (PERFORMANCES, "Aada AALTO", "Aada AALTO / Ben BLOM"), (PERFORMANCES, "Aada AALTO,", "Aada AALTO / Ben BLOM,")
    )

    assert [one.members for one in contest.contestants] == [(), ("Aada AALTO", "Ben BLOM")]


def test_a_recorded_zero_is_an_absent_judge_and_no_mark() -> None:
    contest = read_contest((MARKS, "a1,J3,7.25\n", "a1,J3,0.0\na1,J4,7.0\n"))
    entry = contest.categories[0].entries[1]

    assert entry.marks["Skating Skills", "J3"] is None
    assert ("Composition", "J4") not in entry.marks
    assert contest.categories[0].seats == ("J1", "J2", "J3", "J4")


def test_ties_are_broken_by_elements_in_a_short_program_and_by_components_in_a_free_skating() -> None:
    contest = read_contest()

    deciders = [[decider.name for decider in category.rule.tie_breakers] for category in contest.categories]
    assert deciders == [["technical_points"], ["component_total"]]
    assert [decider.name for decider in contest.rule.tie_breakers] == ["category:free-skating"]


def test_a_byte_order_mark_and_windows_lines_are_no_obstacle() -> None:
    files = {name: BytesIO(("\ufeff" + text.replace("\n", "\r\n")).encode()) for name, text in TEXTS.items()}

    assert read_competitions(files) == read_competitions(small_files())


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ((MARKS, "a1,J1,7.0", "a1,J1,"), "judge-scores.csv/rows/3/score", "REQUIRED"),
        ((MARKS, "a1,J1,7.0", "a1,J1,high"), "judge-scores.csv/rows/3/score", "NOT_A_NUMBER"),
        ((MARKS, "a1,J1,7.0", "a1,J1,NaN"), "judge-scores.csv/rows/3/score", "NOT_A_NUMBER"),
        ((MARKS, "a1,J1,7.0", "a1,J1,1e1"), "judge-scores.csv/rows/3/score", "NOT_A_NUMBER"),
        ((MARKS, "a1,J1,7.0", "a1,J1,10.25"), "judge-scores.csv/rows/3/score", "OUT_OF_SCALE"),
        ((MARKS, "a1,J1,7.0", "a1,J1,-1.0"), "judge-scores.csv/rows/3/score", "OUT_OF_SCALE"),
        ((MARKS, "a1,J1,7.0", "a1,J1,7.1"), "judge-scores.csv/rows/3/score", "WRONG_STEP"),
        ((MARKS, "e1,J1,-1.0", "e1,J1,-6"), "judge-scores.csv/rows/2/score", "OUT_OF_SCALE"),
        ((MARKS, "a1,J1,7.0", "a1,Jane,7.0"), "judge-scores.csv/rows/3/judge", "UNKNOWN_JUDGE"),
        ((MARKS, "a1,J1,7.0", "zz,J1,7.0"), "judge-scores.csv/rows/3/aspect_id", "UNKNOWN"),
        ((MARKS, "a1,J2,7.0", "a1,J1,7.0"), "judge-scores.csv/rows/4/judge", "DUPLICATE_MARK"),
        ((MARKS, "a1,J1,7.0", "a1,J1,7.0,8"), "judge-scores.csv/rows/3", "WRONG_CELL_COUNT"),
        ((MARKS, "a1,J1,7.0", '"a1,J1,7.0'), "judge-scores.csv/rows/3", "NOT_CSV"),
        ((MARKS, "a1,J1,7.0", "a1,J1,\0"), "judge-scores.csv/rows/3", "NOT_TEXT"),
        ((MARKS, "judge,score", "judge,mark"), "judge-scores.csv/rows/1/score", "MISSING_COLUMN"),
        ((MARKS, "judge,score", "score,score"), "judge-scores.csv/rows/1/judge", "MISSING_COLUMN"),
        ((ASPECTS, "a1,p1", "a1,p9"), "judged-aspects.csv/rows/3/performance_id", "UNKNOWN"),
        ((ASPECTS, "b1,p1", "a1,p1"), "judged-aspects.csv/rows/4/aspect_id", "DUPLICATE"),
        ((ASPECTS, "p1,elements", "p1,jumps"), "judged-aspects.csv/rows/2/section", "UNKNOWN_SECTION"),
        ((ASPECTS, "Skating Skills,0.8", "Skating Skills,"), "judged-aspects.csv/rows/3/factor", "REQUIRED"),
        ((ASPECTS, "Skating Skills,0.8", ",0.8"), "judged-aspects.csv/rows/3/aspect_desc", "REQUIRED"),
        ((PERFORMANCES, "p2,Lake", "p1,Lake"), "performances.csv/rows/3/performance_id", "DUPLICATE"),
        ((PERFORMANCES, "SHORT PROGRAM", "WARM UP"), "performances.csv/rows/2/program", "UNKNOWN_PROGRAM"),
        ((PERFORMANCES, "FIN,1,2", "FIN,1,zwei"), "performances.csv/rows/2/starting_number", "NOT_A_NUMBER"),
        ((PERFORMANCES, "FIN,1,2", "FIN,1,1"), "performances.csv/rows/3/starting_number", "DUPLICATE"),
        ((PERFORMANCES, "FIN,1,2", "FIN,0,2"), "performances.csv/rows/2/rank", "OUT_OF_SCALE"),
        ((PERFORMANCES, "10.40,1.00", "10.40,-1.00"), "performances.csv/rows/3/total_deductions", "OUT_OF_SCALE"),
        ((PERFORMANCES, "Berit BERG,SWE", "Aada AALTO,FIN"), "performances.csv/rows/3/name", "DUPLICATE"),
        ((PERFORMANCES, "AALTO,FIN,2", "AALTO,EST,2"), "performances.csv/rows/4/nation", "CONTRADICTION"),
        ((PERFORMANCES, "p2,Lake Cup", "p2,Lake cup"), "performances.csv/rows/3/competition", "SAME_SLUG"),
        ((PERFORMANCES, "Berit BERG", "B" * 201), "performances.csv/rows/3/name", "TOO_LONG"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_column(change: Change, pointer: str, code: str) -> None:
    assert told(change)[0] == (f"#/files/{pointer}", code)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        (
            [(ASPECTS, "Skating Skills,0.8", "Skating Skills,0.9")],
            "judged-aspects.csv/rows/5/factor",
            "CONTRADICTION",
        ),
        (
            [(ASPECTS, "b1,p1,components,Composition", "b1,p1,components,Skating Skills")],
            "judged-aspects.csv/rows/4/aspect_desc",
            "DUPLICATE",
        ),
        ([(MARKS, "a2,J1,6.5\n", "")], "judged-aspects.csv/rows/5/aspect_id", "PANEL_TOO_SMALL"),
        (
            [(ASPECTS, "a2,p2,components", "a2,p3,components"), (ASPECTS, "b2,p2,components", "b2,p3,components")],
            "performances.csv/rows/3/performance_id",
            "NO_COMPONENTS",
        ),
    ],
)
def test_rows_that_contradict_one_another_are_named(changes: list[Change], pointer: str, code: str) -> None:
    assert (f"#/files/{pointer}", code) in told(*changes)


def test_every_bad_row_is_told_at_once() -> None:
    found = told((MARKS, "a1,J1,7.0", "a1,J1,99"), (MARKS, "b4,J3,6.75", "b4,J3,x"), (ASPECTS, "a2,p2", "a2,p9"))

    assert found == [
        ("#/files/judged-aspects.csv/rows/5/performance_id", "UNKNOWN"),
        ("#/files/judge-scores.csv/rows/3/score", "OUT_OF_SCALE"),
        ("#/files/judge-scores.csv/rows/26/score", "NOT_A_NUMBER"),
    ]


def test_a_sentence_says_where_what_and_what_to_do() -> None:
    error = refusal(small_files((MARKS, "a1,J1,7.0", "a1,J1,7.1")))

    assert error.detail == (
        "One thing is wrong with these files, so nothing was imported. "
        "judge-scores.csv, line 3: score goes in steps of 0.25; 7.1 is between two of them."
    )


def test_of_very_many_bad_rows_the_first_are_listed_and_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "TOLD_AT_MOST", 5)
    files = small_files()
    files[MARKS] = BytesIO(TEXTS[MARKS].replace(".", ";").encode())
    error = refusal(files)

    assert (len(error.errors), error.extra["fault_count"]) == (5, 25)


@pytest.mark.parametrize("file", list(TEXTS))
def test_an_empty_file_is_said_to_be_empty(file: str) -> None:
    files = small_files() | {file: BytesIO(b"")}

    assert (f"#/files/{file}", "EMPTY") in [(error.pointer, error.code) for error in refusal(files).errors]


def test_a_file_without_performances_is_refused() -> None:
    headers = {name: BytesIO((text.splitlines()[0] + "\n").encode()) for name, text in TEXTS.items()}

    assert [(error.pointer, error.code) for error in refusal(headers).errors] == [
        ("#/files/performances.csv", "EMPTY")
    ]


def test_another_encoding_is_named_by_its_line() -> None:
    text = TEXTS[PERFORMANCES].replace("Berit BERG", "Märta BERG")
    files = small_files() | {PERFORMANCES: BytesIO(text.encode("latin-1"))}
    first = refusal(files).errors[0]

    assert (first.pointer, first.code) == ("#/files/performances.csv/rows/3", "WRONG_ENCODING")
    assert first.detail.startswith("Save the file as UTF-8")


def test_semicolons_are_recognized() -> None:
    files = small_files() | {MARKS: BytesIO(TEXTS[MARKS].replace(",", ";").encode())}

    assert refusal(files).errors[0].detail.endswith("Separate the cells with commas.")


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LONGEST_LINE", 1000)
    files = small_files() | {MARKS: BytesIO(b"aspect_id,judge,score\n" + b"x" * 5000)}

    assert refusal(files).errors[0].code == "LINE_TOO_LONG"


def test_a_file_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 10)

    assert [error.code for error in refusal(small_files()).errors] == ["TOO_MANY_ROWS"]


def test_a_binary_file_is_refused() -> None:
    files = small_files() | {MARKS: BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(100))}

    assert refusal(files).errors[0].code == "WRONG_ENCODING"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Lake Cup 2026", "lake-cup-2026"),
        ("Grand Prix / Final", "grand-prix-final"),
        ("冬季杯", "6e8775e369"),
        ("x" * 90, "x" * 69 + "-c843ffd044"),
    ],
)
def test_a_name_has_one_address(name: str, slug: str) -> None:
    assert slug_of(name) == slug
