"""Results and marks as tables: what a reader of the board sees there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from apps.contests.enums import ContestantStatus, EntryState
from apps.contests.models import Certification, Contest, Score
from apps.contests.selectors.board.rows import ContestantMember, ContestantRow, EntryRow
from apps.contests.selectors.leaderboard import CategoryHead, ContestBoard
from apps.core.rest.sheets import Cell, Sheet

WHO = ("Number", "Name", "Affiliation", "Status")
CHUNK = 5000
# The columns of an import of marks, so that what went out can come back in.
MARK_COLUMNS = ("number", "category", "criterion", "seat", "value", "state")


def certification_of(contest: Contest) -> Certification | None:
    """The certification in force, without its document."""
    found: Certification | None = (
        Certification.objects.filter(contest_id=contest.pk, voided_at=None).defer("document").first()
    )
    return found


def result_sheets(board: ContestBoard) -> list[Sheet]:
    """The winner list, and the standings of each category."""
    return [winner_sheet(board), *(_category_sheet(board, head) for head in board.categories)]


def winner_sheet(board: ContestBoard) -> Sheet:
    """The winner list: who has no place is listed after those who have, without one."""
    heads = board.categories
    parts = [name for head in heads for name in (head["name"], f"{head['name']}: place")]
    header = ("Place", "Shared", *WHO, *parts, "Deductions", "Total", "Decided by")
    return Sheet(board.contest.name, header, [_winner_row(row, heads) for row in board.rows])


def about_sheet(board: ContestBoard, certification: Certification | None) -> Sheet:
    """Which result it is, of when, by which rules, and whether it is certified."""
    contest = board.contest
    rows: list[tuple[Cell, ...]] = [
        ("Event", contest.event.name),
        ("Contest", contest.name),
        ("Status", contest.get_status_display()),
        ("As of", board.as_of.isoformat()),
        ("Policy version", contest.policy_version),
        ("Figures", "Withheld from judges until the contest is locked" if board.withheld else "Shown"),
        ("Certification", certification.number if certification else "None in force"),
        ("SHA-256", certification.digest if certification else None),
    ]
    return Sheet("About", ("Fact", "Value"), rows)


def mark_sheet(contest: Contest) -> Sheet:
    """Every live mark of the contest, for those who read all marks. Rows are fetched as they are read."""
    return Sheet("Marks", MARK_COLUMNS, _marks(contest))


def _marks(contest: Contest) -> Iterator[tuple[Cell, ...]]:
    scores = (
        Score.objects.filter(entry__category__contest=contest)
        .order_by(
            "entry__category__position",
            "entry__category_id",
            "entry__contestant__number",
            "criterion__position",
            "criterion_id",
            "assignment__seat",
            "id",
        )
        .values_list(
            "entry__contestant__number",
            "entry__category__slug",
            "criterion__name",
            "assignment__seat",
            "value",
            "state",
        )
    )
    for *names, value, state in scores.iterator(chunk_size=CHUNK):
        yield (*names, value, state)


def _winner_row(row: ContestantRow, heads: list[CategoryHead]) -> list[Cell]:
    entries = {entry["category"]: entry for entry in row["categories"]}
    parts: list[Cell] = []
    for head in heads:
        entry = entries.get(str(head["id"]))
        parts += [_number(entry["total"]), entry["rank"]] if entry else [None, None]
    return [
        row["rank"],
        "yes" if row["shared"] else "",
        *_who(row["contestant"], row["contestant"]["status"]),
        *parts,
        _number(row["deductions"]),
        _number(row["total"]),
        _reasons(row["decided_by"]),
    ]


def _category_sheet(board: ContestBoard, head: CategoryHead) -> Sheet:
    key = str(head["id"])
    lines = [
        (row["contestant"], entry) for row in board.rows for entry in row["categories"] if entry["category"] == key
    ]
    units = _units(head, [entry for _, entry in lines])
    header = ("Place", "Shared", *WHO, *units.values(), "Technical points", "Deductions", "Total", "Decided by")
    rows = [_entry_row(contestant, entry, list(units)) for contestant, entry in sorted(lines, key=_by_place)]
    return Sheet(head["name"], header, rows)


def _units(head: CategoryHead, entries: list[EntryRow]) -> dict[str | None, str]:
    """What panels are about, by id: criteria, or the judges' totals where those are aggregated."""
    if any(panel["criterion"] is None for entry in entries for panel in entry["criteria"]):
        return {None: "Panel"}
    return {str(criterion["id"]): criterion["name"] for criterion in head["criteria"]}


def _by_place(line: tuple[ContestantMember, EntryRow]) -> tuple[bool, int, int]:
    contestant, entry = line
    return entry["rank"] is None, entry["rank"] or 0, contestant["number"]


def _entry_row(contestant: ContestantMember, entry: EntryRow, units: list[str | None]) -> list[Cell]:
    panels = {panel["criterion"]: panel["panel"] for panel in entry["criteria"]}
    return [
        entry["rank"],
        "yes" if entry["shared"] else "",
        *_who(contestant, entry["status"]),
        *(_number(panels.get(unit)) for unit in units),
        _number(entry["technical_points"]),
        _number(entry["deductions"]),
        _number(entry["total"]),
        _reasons(entry["decided_by"]),
    ]


def _who(contestant: ContestantMember, status: str) -> tuple[Cell, ...]:
    labels = {**dict(EntryState.choices), **dict(ContestantStatus.choices)}
    shown = "" if status == ContestantStatus.ENTERED else str(labels.get(status, status))
    return contestant["number"], contestant["name"] or "", contestant["affiliation"] or "", shown


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _reasons(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
