"""Tables from CSV files that anybody may have made: each fault is noted with its line, and none stops the reading.

RFC 4180 in UTF-8, with or without a byte order mark, lines ending in LF or CRLF. Files are read as streams: lines and
their number are bounded, so that a file can't fill the memory.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.contests.services.imports.faults import SHOWN, Faults, shown
from apps.core.rest.sheets import unguarded

LONGEST_LINE = 64 * 1024
MOST_ROWS = 1_000_000
NUMBER = re.compile(r"-?[0-9]{1,8}(\.[0-9]{1,4})?")


class Row:
    """One row: its cells by column, and where it stands. Reading a cell that is no good notes a fault."""

    __slots__ = ("cells", "faults", "file", "is_good", "line")

    def __init__(self, file: str, line: int, cells: Mapping[str, str], faults: Faults) -> None:
        self.file = file
        self.line = line
        self.cells = cells
        self.faults = faults
        self.is_good = True

    def refuse(self, column: str, code: str, sentence: str) -> None:
        """Note a fault of this row."""
        self.is_good = False
        self.faults.add(self.file, self.line, column, code, sentence)

    def has(self, column: str) -> bool:
        """Whether the file has this column."""
        return column in self.cells

    def text(self, column: str, *, longest: int = 200) -> str:
        """A cell that must not be empty."""
        value = self.any_text(column, longest=longest)
        if not value:
            self.refuse(column, "REQUIRED", f"Fill in {column}; it is empty.")
        return value

    def any_text(self, column: str, *, longest: int = 200) -> str:
        """A cell that may be empty, in a column that may be missing, without an export's guard against formulas."""
        value = unguarded(self.cells.get(column, "").strip())
        if len(value) > longest:
            self.refuse(column, "TOO_LONG", f"Shorten {column} to {longest} characters; it has {len(value)}.")
        return value

    def email(self, column: str) -> str:
        """An address, or nothing."""
        value = self.any_text(column, longest=254)
        if value:
            try:
                validate_email(value)
            except ValidationError:
                self.refuse(column, "NOT_AN_EMAIL", f"{column} must be an address such as ann@example.org.")
        return value

    def parts(self, column: str, *, most: int = 100, longest: int = 200) -> list[str]:
        """The parts of a cell that a semicolon separates."""
        parts = [part.strip() for part in self.cells.get(column, "").split(";")]
        found = [part for part in parts if part]
        if len(found) > most:
            self.refuse(column, "TOO_MANY", f"{column} names {len(found)}; at most {most} are taken.")
        for part in found:
            if len(part) > longest:
                sentence = f"Shorten {shown(part)} in {column} to {longest} characters; it has {len(part)}."
                self.refuse(column, "TOO_LONG", sentence)
        return found

    def number(
        self,
        column: str,
        *,
        lowest: Decimal = Decimal(-99999999),
        highest: Decimal = Decimal(99999999),
        step: Decimal | None = None,
        also: Decimal | None = None,
    ) -> Decimal:
        """A decimal number on the scale from `lowest` to `highest`, or `also`; 0 if it is no good."""
        text = self.text(column)
        if not text:
            return Decimal(0)
        if not NUMBER.fullmatch(text):
            sentence = f"{column} must be a number such as 7.25, with at most 4 decimals, not {shown(text)}."
            self.refuse(column, "NOT_A_NUMBER", sentence)
            return Decimal(0)
        value = Decimal(text)
        if value == also:
            return value
        if not lowest <= value <= highest:
            self.refuse(column, "OUT_OF_SCALE", f"{column} must be from {lowest} to {highest}, not {text}.")
        elif step is not None and value % step:
            self.refuse(column, "WRONG_STEP", f"{column} goes in steps of {step}; {text} is between two of them.")
        return value

    def whole(self, column: str, *, lowest: int = 1, highest: int = 100_000) -> int:
        """A whole number from `lowest` to `highest`; `lowest` if it is no good."""
        text = self.text(column)
        if text and not (text.isascii() and text.isdigit() and len(text) < len(str(highest)) + 1):
            self.refuse(column, "NOT_A_NUMBER", f"{column} must be a whole number, not {shown(text)}.")
        elif text and not lowest <= int(text) <= highest:
            self.refuse(column, "OUT_OF_SCALE", f"{column} must be from {lowest} to {highest}, not {text}.")
        elif text:
            return int(text)
        return lowest


def read_table(
    file: str,
    stream: BinaryIO,
    columns: Sequence[str],
    faults: Faults,
    *,
    optional: Sequence[str] | None = None,
    most_rows: int | None = None,
) -> Iterator[Row]:
    """The rows of a CSV file that has at least these columns, in any order. What is not a row is noted, and left out.

    Args:
        file: the name that people know it by.
        stream: its bytes.
        optional: columns that it may have too, and no others; without it, others are passed over.
    """
    most = MOST_ROWS if most_rows is None else most_rows
    records = _records(file, stream, faults)
    _, header = next(records, (1, None))
    if header is None:
        if file not in faults.unread:
            faults.stop(file, 0, "EMPTY", f"{file} is empty; its first line must name the columns.")
        return
    names = [name.strip() for name in header]
    if not _is_usable(file, names, columns, faults, optional):
        return
    for count, (line, cells) in enumerate(records):
        if count >= most:
            faults.stop(file, line, "TOO_MANY_ROWS", f"Split the file; it has more than {most} rows.")
            return
        if len(cells) == len(names):
            yield Row(file, line, dict(zip(names, cells, strict=True)), faults)
        else:
            sentence = f"This row has {len(cells)} cells, the header names {len(names)}. Check commas and quotes."
            faults.add(file, line, "", "WRONG_CELL_COUNT", sentence)


def _is_usable(
    file: str, names: list[str], columns: Sequence[str], faults: Faults, optional: Sequence[str] | None
) -> bool:
    before = faults.total
    known = [*columns, *(optional or ())]
    for column in columns:
        if column not in names:
            hint = " Separate the cells with commas." if len(names) == 1 and ";" in names[0] else ""
            found = ", ".join(shown(name) for name in names[:20])
            sentence = f"The column {column} is missing; the first line names {found}.{hint}"
            faults.add(file, 1, column, "MISSING_COLUMN", sentence)
    for column in known:
        if names.count(column) > 1:
            faults.add(file, 1, column, "DUPLICATE_COLUMN", f"The column {column} is named twice; remove one.")
    for place, name in enumerate(names, start=1):
        if optional is not None and name not in known:
            what = f"The column {shown(name)} is not known" if name else f"Column {place} has no name"
            sentence = f"{what}; remove it, or name it one of {', '.join(known)}."
            faults.add(file, 1, name[:SHOWN], "UNKNOWN_COLUMN", sentence)
    if faults.total > before:
        faults.unread.add(file)
    return faults.total == before


def _records(file: str, stream: BinaryIO, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line it begins in; ends at what can't be read on."""
    reader = csv.reader(_lines(file, stream, faults), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            sentence = f"This record is not CSV ({error}). Check its quotes: one that is opened must be closed."
            faults.stop(file, line, "NOT_CSV", sentence)
            return
        if any(cells):  # spreadsheets leave rows of nothing but commas behind
            yield line, cells


def _lines(file: str, stream: BinaryIO, faults: Faults) -> Iterator[str]:
    """The file's lines as text, up to the first that can't be."""
    line = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        line += 1
        if len(raw) > LONGEST_LINE:
            sentence = f"This line has more than {LONGEST_LINE} bytes. Is it really a CSV file?"
            faults.stop(file, line, "LINE_TOO_LONG", sentence)
            return
        try:
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            sentence = f"Save the file as UTF-8; byte {error.start + 1} of this line is none."
            faults.stop(file, line, "WRONG_ENCODING", sentence)
            return
        if "\0" in text:
            faults.stop(file, line, "NOT_TEXT", "This line holds a NUL character. Is it really a CSV file?")
            return
        yield text
