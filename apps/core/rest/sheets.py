"""Tables as files: CSV (RFC 4180, UTF-8) and XLSX. Decimals stay exact, and text never turns into a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from rest_framework.request import Request

from apps.core.rest.streams import FileResponse

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_MEMORY = 4 * 1024 * 1024
# What a spreadsheet takes for the beginning of a formula, or skips before one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")  # XML 1.0, Char
TITLE_SIGNS = str.maketrans(dict.fromkeys("[]:*?/\\", " "))  # a sheet's name has none of them
LONGEST_TITLE = 31
WIDEST = 40
BOLD = Font(bold=True)

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. Numbers are `int` and `Decimal`; everything that people have typed is `str`."""

    title: str
    header: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]


def csv_file(sheet: Sheet) -> IO[bytes]:
    """The sheet as CSV, from its beginning. Written to disk where it is long, so that it is never whole in memory."""
    file = _temporary()
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([guarded(name) for name in sheet.header])
    writer.writerows([_in_csv(cell) for cell in row] for row in sheet.rows)
    text.flush()
    text.detach()
    file.seek(0)
    return file


def xlsx_file(sheets: Sequence[Sheet]) -> IO[bytes]:
    """A workbook of these sheets. Text is stored as text, whatever it begins with."""
    book = Workbook(write_only=True)
    titles: set[str] = set()
    for sheet in sheets:
        page = book.create_sheet(_title(sheet.title, titles))
        page.freeze_panes = "A2"
        rows = [list(row) for row in sheet.rows]
        for place, width in enumerate(_widths(sheet.header, rows), start=1):
            page.column_dimensions[get_column_letter(place)].width = width
        page.append([_in_xlsx(page, name, font=BOLD) for name in sheet.header])
        for row in rows:
            page.append([_in_xlsx(page, cell) for cell in row])
    file = _temporary()
    book.save(file)
    file.seek(0)
    return file


def attachment(request: Request, file: IO[bytes], *, name: str, content_type: str) -> FileResponse:
    """The file as a download. `name` is made of letters, digits, `-` and `.`."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    response = FileResponse(request, file, content_type=content_type)
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def guarded(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _in_csv(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else str(cell)


def _in_xlsx(page: object, cell: Cell, *, font: Font | None = None) -> WriteOnlyCell:
    shown = NOT_XML.sub("", cell) if isinstance(cell, str) else cell
    made = WriteOnlyCell(page, None if shown == "" else shown)
    if isinstance(shown, str) and shown:
        made.data_type = "s"  # openpyxl takes what begins with = for a formula
    if isinstance(cell, Decimal):
        made.number_format = f"0.{'0' * places}" if (places := -int(cell.as_tuple().exponent)) > 0 else "0"
    if font is not None:
        made.font = font
    return made


def _title(title: str, taken: set[str]) -> str:
    """A name that a sheet can have, and no other one of the workbook has."""
    stem = NOT_XML.sub("", title).translate(TITLE_SIGNS).strip(" '")[:LONGEST_TITLE].rstrip(" '") or "Sheet"
    name, count = stem, 1
    while name.casefold() in taken:
        count += 1
        end = f" {count}"
        name = stem[: LONGEST_TITLE - len(end)] + end
    taken.add(name.casefold())
    return name


def _widths(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    columns = zip(header, *rows, strict=True)
    return [min(WIDEST, max(len("" if cell is None else str(cell)) for cell in column) + 2) for column in columns]


def _temporary() -> IO[bytes]:
    return cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))
