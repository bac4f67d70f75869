"""The three tidy files of ISU competitions, each row checked by itself.

| file | a row is |
|---|---|
| `performances.csv` | one skater or team in one program, with the official figures |
| `judged-aspects.csv` | one element or program component of a performance |
| `judge-scores.csv` | one judge's mark for one aspect; 0.0 for a component means that the judge was absent |

Only components are marked in Podium: what the elements are worth together is the performance's
`total_element_score`. Rows of elements are checked all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from apps.contests.services.imports.faults import Faults, shown
from apps.contests.services.imports.tables import Row, read_table

PERFORMANCES = "performances.csv"
ASPECTS = "judged-aspects.csv"
MARKS = "judge-scores.csv"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    PERFORMANCES: (
        "performance_id",
        "competition",
        "program",
        "name",
        "nation",
        "rank",
        "starting_number",
        "total_segment_score",
        "total_element_score",
        "total_component_score",
        "total_deductions",
    ),
    ASPECTS: ("aspect_id", "performance_id", "section", "aspect_desc", "factor"),
    MARKS: ("aspect_id", "judge", "score"),
}

ABSENT = Decimal(0)
LOWEST, HIGHEST, STEP = Decimal("0.25"), Decimal(10), Decimal("0.25")
ELEMENTS, COMPONENTS = "elements", "components"
GRADE = Decimal(5)  # of execution, for an element: -5 to 5 since 2018, -3 to 3 before
SEAT = re.compile(r"J[1-9][0-9]?")
PROGRAM = re.compile(r"(?P<contest>\S.*) (?P<segment>(?:SHORT|RHYTHM|FREE) (?:PROGRAM|SKATING|DANCE))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Official:
    """What the protocol says about a performance."""

    component_total: Decimal
    segment_total: Decimal
    rank: int


@dataclass(frozen=True, slots=True)
class Performance:
    """A row of `performances.csv`; `contest` and `segment` are the two halves of its program."""

    row: Row
    id: str
    competition: str
    contest: str
    segment: str
    name: str
    nation: str
    starting_number: int
    technical_points: Decimal
    deductions: Decimal
    official: Official


@dataclass(slots=True)
class Component:
    """A component's row of `judged-aspects.csv`, with its marks by seat; None is an absent judge."""

    row: Row
    name: str
    factor: Decimal
    marks: dict[str, Decimal | None] = field(default_factory=dict)


@dataclass(slots=True)
class Rows:
    """Everything that the three files hold, by performance."""

    performances: list[Performance] = field(default_factory=list)
    components: dict[str, list[Component]] = field(default_factory=dict)


def read_rows(streams: Mapping[str, BinaryIO], faults: Faults) -> Rows:
    """Read the three files, given by their names, and note what is wrong with them."""
    rows = Rows()
    performance_lines: dict[str, int] = {}
    for row in read_table(PERFORMANCES, streams[PERFORMANCES], COLUMNS[PERFORMANCES], faults):
        performance = _performance(row)
        _note_once(row, "performance_id", performance.id, performance_lines)
        if row.is_good:
            rows.performances.append(performance)
    aspects: dict[str, Component | None] = {}
    aspect_lines: dict[str, int] = {}
    for row in read_table(ASPECTS, streams[ASPECTS], COLUMNS[ASPECTS], faults):
        aspect_id, performance_id = row.text("aspect_id"), row.text("performance_id")
        _note_once(row, "aspect_id", aspect_id, aspect_lines)
        _refuse_unknown(row, "performance_id", performance_id, performance_lines, PERFORMANCES)
        component = _component(row)
        aspects.setdefault(aspect_id, component)
        if component is not None and row.is_good:
            rows.components.setdefault(performance_id, []).append(component)
    mark_lines: dict[str, int] = {}
    for row in read_table(MARKS, streams[MARKS], COLUMNS[MARKS], faults):
        _take_mark(row, aspects, aspect_lines, mark_lines)
    return rows


def _performance(row: Row) -> Performance:
    program = row.text("program")
    halves = PROGRAM.fullmatch(program)
    if program and halves is None:
        sentence = f"End it with the segment, as in LADIES SHORT PROGRAM or ICE DANCE FREE DANCE: {shown(program)}."
        row.refuse("program", "UNKNOWN_PROGRAM", sentence)
    return Performance(
        row=row,
        id=row.text("performance_id"),
        competition=row.text("competition"),
        contest=halves["contest"] if halves else "",
        segment=halves["segment"] if halves else "",
        name=row.text("name"),
        nation=row.text("nation"),
        starting_number=row.whole("starting_number"),
        technical_points=row.number("total_element_score", lowest=Decimal(0)),
        deductions=row.number("total_deductions", lowest=Decimal(0)),
        official=Official(
            component_total=row.number("total_component_score"),
            segment_total=row.number("total_segment_score"),
            rank=row.whole("rank"),
        ),
    )


def _component(row: Row) -> Component | None:
    """None for an element."""
    section = row.text("section")
    if section == COMPONENTS:
        return Component(row, row.text("aspect_desc"), row.number("factor", lowest=Decimal(0), highest=Decimal(100)))
    if section and section != ELEMENTS:
        row.refuse("section", "UNKNOWN_SECTION", f"section is {ELEMENTS} or {COMPONENTS}, not {shown(section)}.")
    return None


def _take_mark(
    row: Row, aspects: Mapping[str, Component | None], aspect_lines: Mapping[str, int], lines: dict[str, int]
) -> None:
    aspect_id, seat = row.text("aspect_id"), row.text("judge")
    _refuse_unknown(row, "aspect_id", aspect_id, aspect_lines, ASPECTS)
    if seat and not SEAT.fullmatch(seat):
        row.refuse("judge", "UNKNOWN_JUDGE", f"A judge is named by the seat, J1 to J99, not {shown(seat)}.")
    key = f"{aspect_id} {seat}"
    if key in lines:
        sentence = f"{seat} has marked this aspect in line {lines[key]} already. Keep one of the two."
        row.refuse("judge", "DUPLICATE_MARK", sentence)
    lines[key] = row.line
    component = aspects.get(aspect_id)
    if component is None:
        row.number("score", lowest=-GRADE, highest=GRADE)
        return
    value = row.number("score", lowest=LOWEST, highest=HIGHEST, step=STEP, also=ABSENT)
    if row.is_good:
        component.marks[seat] = None if value == ABSENT else value


def _note_once(row: Row, column: str, key: str, lines: dict[str, int]) -> None:
    if key and key in lines:
        row.refuse(column, "DUPLICATE", f"{shown(key)} is the {column} of line {lines[key]} already.")
    lines.setdefault(key, row.line)


def _refuse_unknown(row: Row, column: str, key: str, lines: Mapping[str, int], file: str) -> None:
    # Where the other file could not be read, its own fault is told, and not one for each row of this one.
    if key and key not in lines and file not in row.faults.unread:
        row.refuse(column, "UNKNOWN", f"There is no {column} {shown(key)} in {file}.")
