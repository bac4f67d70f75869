"""What type a column has: inferred from every value, batch by batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ColumnType(StrEnum):
    """From narrow to wide within a family; `text` holds everything."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, type, and whether a value is missing somewhere."""

    name: str
    type: ColumnType
    nullable: bool


# 007 is a code and no number: its zeros would be lost. 19 digits don't fit into a 64-bit integer any more.
INTEGER = re.compile(r" *[+-]?(?:0|[1-9][0-9]{0,17}) *")
DECIMAL = re.compile(r" *[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})? *")
BOOLEAN = re.compile(r" *(?:true|false|yes|no) *", re.IGNORECASE)
DATE = re.compile(r" *[0-9]{4}-[0-9]{2}-[0-9]{2} *")
DATETIME = re.compile(r" *[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}\S* *")

# Missing in a column of numbers or dates. In a column of text they are text: NA is Namibia.
MARKERS = frozenset({"NA", "N/A", "NaN", "nan", "NULL", "null", "None"})


def _is_date(value: str) -> bool:
    return bool(DATE.fullmatch(value)) and _parses(date.fromisoformat, value)


def _is_datetime(value: str) -> bool:
    return bool(DATETIME.fullmatch(value)) and _parses(datetime.fromisoformat, value)


def _parses(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value.strip())
    except ValueError:
        return False
    return True


FITS: dict[ColumnType, Callable[[str], object]] = {
    ColumnType.BOOLEAN: BOOLEAN.fullmatch,
    ColumnType.INTEGER: INTEGER.fullmatch,
    ColumnType.DECIMAL: DECIMAL.fullmatch,
    ColumnType.DATE: _is_date,
    ColumnType.DATETIME: _is_datetime,
}
WIDER = {
    frozenset({ColumnType.INTEGER, ColumnType.DECIMAL}): ColumnType.DECIMAL,
    frozenset({ColumnType.DATE, ColumnType.DATETIME}): ColumnType.DATETIME,
}


def type_of(value: str) -> ColumnType:
    """The narrowest type of one value that is there."""
    return next((kind for kind, fits in FITS.items() if fits(value)), ColumnType.TEXT)


def join(one: ColumnType, other: ColumnType) -> ColumnType:
    """The narrowest type that holds values of both. The order of values never matters."""
    return one if one is other else WIDER.get(frozenset({one, other}), ColumnType.TEXT)


class ColumnWatcher:
    """Looks at one column's values and remembers the narrowest type that holds all of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._type: ColumnType | None = None
        self._has_blank = False
        self._has_marker = False

    def look_at(self, values: Sequence[str]) -> None:
        """One batch of values."""
        if not all(values):
            self._has_blank = True
            values = [value for value in values if value]
        if self._type is ColumnType.TEXT:
            return
        if self._type is not None and all(map(FITS[self._type], values)):
            return
        for value in values:
            if value in MARKERS:
                self._has_marker = True
            elif self._type is None or not FITS[self._type](value):
                found = type_of(value)
                self._type = found if self._type is None else join(self._type, found)
                if self._type is ColumnType.TEXT:
                    return

    def column(self) -> Column:
        """The verdict. A column without any value is text."""
        kind = self._type or ColumnType.TEXT
        return Column(self.name, kind, self._has_blank or (self._has_marker and kind is not ColumnType.TEXT))
