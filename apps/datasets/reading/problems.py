"""What can be wrong with a file that should be a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

REPORTED_ROWS = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a table may be."""

    bytes: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with the row that begins in `line` (from 1, the header's, as an editor counts)."""

    line: int
    code: str
    detail: str


class TableProblem(Exception):
    """The file is no table that can be taken. `code` is stable; `rows` are the first bad rows of `bad_rows` many."""

    def __init__(self, code: str, detail: str, *, rows: Sequence[RowProblem] = (), bad_rows: int = 0) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.rows = tuple(rows)
        self.bad_rows = bad_rows or len(self.rows)
