"""The winner list as a table of the admin."""

from __future__ import annotations

from dataclasses import dataclass

from apps.contests.enums import ContestantStatus
from apps.contests.selectors.board.rows import ContestantMember, ContestantRow, EntryRow
from apps.contests.selectors.leaderboard import ContestBoard


@dataclass(frozen=True, slots=True)
class BoardCell:
    """What a contestant has in one category; nothing where they are not entered."""

    total: str | None
    place: str
    title: str


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A contestant's line: `place` is `2`, `2=` where it is shared, or empty; `status` says why there is none."""

    place: str
    is_winner: bool
    contestant: ContestantMember
    status: str
    cells: tuple[BoardCell, ...]
    deductions: str | None
    total: str | None
    decided_by: str


def board_table(board: ContestBoard) -> list[BoardRow]:
    """The board's rows, with a cell for each category in the order of its head."""
    keys = [str(category["id"]) for category in board.categories]
    return [_row(row, keys) for row in board.rows]


def _row(row: ContestantRow, keys: list[str]) -> BoardRow:
    entries = {entry["category"]: entry for entry in row["categories"]}
    status = row["contestant"]["status"]
    return BoardRow(
        place=_place(row),
        is_winner=row["rank"] == 1,
        contestant=row["contestant"],
        status="" if status == ContestantStatus.ENTERED else ContestantStatus(status).label,
        cells=tuple(_cell(entries.get(key)) for key in keys),
        deductions=row["deductions"],
        total=row["total"],
        decided_by=_sentence(row["decided_by"]),
    )


def _cell(entry: EntryRow | None) -> BoardCell:
    if entry is None:
        return BoardCell(None, "", "Not entered")
    parts = {
        "components": entry["component_total"],
        "technical points": entry["technical_points"],
        "deductions": entry["deductions"],
    }
    title = ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
    return BoardCell(entry["total"], _place(entry), title)


def _place(row: ContestantRow | EntryRow) -> str:
    if row["rank"] is None:
        return ""
    return f"{row['rank']}=" if row["shared"] else str(row["rank"])


def _sentence(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
