"""Tables for paper: without the columns that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.core.rest.sheets import Cell, Sheet

PLACE, SHARED, DEDUCTIONS, TOTAL = "Place", "Shared", "Deductions", "Total"
UPRIGHT = 9  # columns that fit onto an upright page
ALWAYS = frozenset({PLACE, "Start", "Number", "Name", TOTAL})


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """A cell's text, whether it stands to the right, and whether it is what the row comes to."""

    text: str
    is_number: bool
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table; columns in which every cell is empty are left out, and a shared place has an equals sign."""

    title: str
    header: tuple[PrintedCell, ...]
    rows: tuple[tuple[PrintedCell, ...], ...]

    @property
    def is_wide(self) -> bool:
        """Whether it needs the paper's long side."""
        return len(self.header) > UPRIGHT


def printable(sheet: Sheet) -> PrintedTable:
    """The sheet for paper."""
    rows = [_with_shared(sheet.header, row) for row in sheet.rows]
    kept = [
        place
        for place, name in enumerate(sheet.header)
        if name in ALWAYS or any(_says_something(name, row[place]) for row in rows)
    ]
    return PrintedTable(
        title=sheet.title,
        header=tuple(
            PrintedCell(sheet.header[place], bool(rows) and any(row[place].is_number for row in rows))
            for place in kept
        ),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
    )


def _says_something(column: str, cell: PrintedCell) -> bool:
    """No deductions are nothing to print; a mark of zero is."""
    return column != SHARED and bool(cell.text.strip("0.") if column == DEDUCTIONS else cell.text)


def _with_shared(header: Sequence[str], row: Sequence[Cell]) -> list[PrintedCell]:
    is_shared = SHARED in header and bool(row[header.index(SHARED)])
    return [
        PrintedCell(
            _text(cell) + ("=" if name == PLACE and is_shared else ""), isinstance(cell, int | Decimal), name == TOTAL
        )
        for name, cell in zip(header, row, strict=True)
    ]


def _text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return "" if cell is None else str(cell)
