"""The second look at a file: delimiter, header, rows and types."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, TextIO

from apps.datasets.reading.bytes import survey_bytes
from apps.datasets.reading.columns import Column, ColumnWatcher
from apps.datasets.reading.problems import REPORTED_ROWS, Limits, RowProblem, TableProblem

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 50
SAMPLE_CHARACTERS = 64 * 1024
BATCH = 2000
NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class TableSurvey:
    """What is in a file. `size` is in bytes, `sha256` in hexadecimal; rows don't count the header."""

    size: int
    sha256: str
    encoding: str
    delimiter: str
    row_count: int
    columns: tuple[Column, ...]


def survey_table(file: BinaryIO, limits: Limits) -> TableSurvey:
    """Read a CSV file and infer its columns; memory does not grow with the file.

    Raises:
        TableProblem: it can't be taken, with the first bad rows where it is about rows.
    """
    found = survey_bytes(file, limits)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=found.encoding, newline="")
    try:
        delimiter = _delimiter(text)
        columns, row_count = _Rows(text, delimiter, limits).survey()
    except UnicodeDecodeError as error:
        raise TableProblem("NOT_TEXT", f"The file is not valid {found.encoding}.") from error
    finally:
        text.detach()  # or the wrapper would close the file with itself
    return TableSurvey(found.size, found.sha256, found.encoding, delimiter, row_count, columns)


def _delimiter(text: TextIO) -> str:
    """The candidate that cuts the first rows into the most fields, the same number in each.

    `csv.Sniffer` guesses by letters and picks `e` as a delimiter; counting with a real reader does not.
    """
    sample = text.read(SAMPLE_CHARACTERS)
    text.seek(0)

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            rows = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), SAMPLE_ROWS))
        except csv.Error:
            return (0.0, 0)
        widths = [len(row) for row in rows if row]
        if not widths or widths[0] == 1:
            return (0.0, 0)
        return (widths.count(widths[0]) / len(widths), widths[0])

    best = max(DELIMITERS, key=evenness)
    return best if evenness(best) > (0.0, 0) else DELIMITERS[0]


class _Rows:
    """One pass over the rows of a file."""

    def __init__(self, text: TextIO, delimiter: str, limits: Limits) -> None:
        self._reader = csv.reader(text, delimiter=delimiter, strict=True)
        self._limits = limits
        self._problems: list[RowProblem] = []
        self._bad_rows = 0
        self._count = 0

    def survey(self) -> tuple[tuple[Column, ...], int]:
        """The columns, and how many rows there are."""
        names = self._header()
        watchers = [ColumnWatcher(name) for name in names]
        for batch in self._batches(len(names)):
            for watcher, values in zip(watchers, zip(*batch, strict=True), strict=True):
                watcher.look_at(values)
        if self._bad_rows:
            raise TableProblem(
                "BAD_ROWS",
                f"{self._bad_rows:,} of {self._bad_rows + self._count:,} rows can't be read.",
                rows=self._problems,
                bad_rows=self._bad_rows,
            )
        if not self._count:
            raise TableProblem("NO_ROWS", "There is a header, and no row below it.")
        return tuple(watcher.column() for watcher in watchers), self._count

    def _header(self) -> list[str]:
        header = next((row for _, row in self._good_rows(None)), None)
        if header is None:
            detail = self._problems[0].detail if self._problems else "There is nothing but blank lines."
            raise TableProblem("NO_HEADER", detail, rows=self._problems)
        names = [name.strip() for name in header]
        if len(names) > self._limits.columns:
            raise TableProblem("TOO_MANY_COLUMNS", f"There are {len(names):,} columns; {self._limits.columns:,} fit.")
        _refuse_bad_names(names)
        return names

    def _batches(self, width: int) -> Iterator[list[list[str]]]:
        batch: list[list[str]] = []
        for _, row in self._good_rows(width):
            batch.append(row)
            self._count += 1
            if self._count > self._limits.rows:
                raise TableProblem("TOO_MANY_ROWS", f"There are more than {self._limits.rows:,} rows.")
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _good_rows(self, width: int | None) -> Iterator[tuple[int, list[str]]]:
        """Rows of `width` fields with their line; the others are noted. Blank lines are no rows."""
        while True:
            line = self._reader.line_num + 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._note(line, "UNREADABLE_ROW", f"Line {line}: {_sentence(error)}")
                if width is None:
                    return
                continue
            if not row:
                continue
            if width is not None and len(row) != width:
                detail = f"Line {line} has {len(row)} fields; the header has {width}."
                self._note(line, "WRONG_NUMBER_OF_FIELDS", detail)
                continue
            yield line, row

    def _note(self, line: int, code: str, detail: str) -> None:
        self._bad_rows += 1
        if len(self._problems) < REPORTED_ROWS:
            self._problems.append(RowProblem(line, code, detail))


def _sentence(error: csv.Error) -> str:
    text = str(error)
    if text.startswith("unexpected end of data"):
        return "a quotation mark is opened and never closed."
    if text.startswith("field larger than"):
        return "a field is longer than 131,072 characters; is a quotation mark not closed?"
    return f"{text}."


def _refuse_bad_names(names: Sequence[str]) -> None:
    nameless = [number for number, name in enumerate(names, start=1) if not name]
    if nameless:
        places = ", ".join(map(str, nameless[:REPORTED_ROWS]))
        raise TableProblem("NAMELESS_COLUMN", f"The header has no name for column {places}.")
    if any("\x00" in name for name in names):  # which UTF-16 can hold, and PostgreSQL can't
        raise TableProblem("NUL_BYTES", "Line 1 holds a NUL character. Save the file without any.")
    long = [name for name in names if len(name) > NAME_LENGTH]
    if long:
        raise TableProblem(
            "COLUMN_NAME_TOO_LONG", f"A column's name has more than {NAME_LENGTH} characters: {long[0][:40]}…"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        shown = ", ".join(twice[:REPORTED_ROWS])
        raise TableProblem("DUPLICATE_COLUMN", f"The header names a column more than once: {shown}.")
