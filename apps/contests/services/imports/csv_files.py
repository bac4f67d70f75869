"""CSV files of contestants, judges and marks: rehearsed, or loaded whole; never a part of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO
from uuid import UUID

import structlog
from django.db import transaction

from apps.contests.enums import OnExisting, TableKind
from apps.contests.models import Contest
from apps.contests.services.holding import hold_for_share, hold_for_update, require_changeable, require_scoring
from apps.contests.services.imports.contestants import ContestantIntake
from apps.contests.services.imports.faults import Faults
from apps.contests.services.imports.intake import Intake
from apps.contests.services.imports.judges import JudgeIntake
from apps.contests.services.imports.loading import Importer, Report
from apps.contests.services.imports.marks import MarkIntake
from apps.contests.services.imports.tables import Row, read_table
from apps.core.errors import NotFound

log = structlog.get_logger("podium.import")

NAMED_FAULTS = 1000
REPORT_EVERY = 1000  # rows

INTAKES: Mapping[str, type[Intake]] = MappingProxyType(
    {
        TableKind.CONTESTANTS: ContestantIntake,
        TableKind.JUDGES: JudgeIntake,
        TableKind.SCORES: MarkIntake,
    }
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported where. Only judges can do without a contest."""

    kind: TableKind
    organization_id: UUID
    contest_id: UUID | None = None
    on_existing: OnExisting = OnExisting.REFUSE

    @property
    def file(self) -> str:
        """The name that faults call the file by."""
        return f"{self.kind}.csv"

    def as_data(self) -> dict[str, object]:
        """As a job keeps it."""
        contest = str(self.contest_id) if self.contest_id else None
        return {"kind": self.kind.value, "contest": contest, "on_existing": self.on_existing.value}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an import would do: with any fault, nothing."""

    kind: str
    rows: int
    counts: Mapping[str, int]
    faults: Faults

    @property
    def valid(self) -> bool:
        return self.faults.total == 0


def rehearse_csv(*, order: Order, stream: BinaryIO, report: Report | None = None) -> Rehearsal:
    """Check a file against what is stored, and write nothing.

    Args:
        report: told how many bytes of how many are read.

    Raises:
        NotFound: there is no such contest.
        ContestLocked, ContestCertified, ContestNotScoring: the contest does not take these rows now.
    """
    faults = Faults(most=NAMED_FAULTS)
    intake, rows = _take(order, contest_of(order), stream, faults, rehearses=True, report=report)
    return Rehearsal(order.kind.value, rows, dict(intake.counts), faults)


@transaction.atomic
def load_csv(*, order: Order, stream: BinaryIO, report: Report | None = None) -> dict[str, object]:
    """Load the file, all of it or nothing.

    Args:
        report: told how many bytes of how many are read.

    Returns:
        how many rows there were, and what became of them.

    Raises:
        NotFound, ContestLocked, ContestCertified, ContestNotScoring: as `start_csv_import`.
        InvalidFiles: with one error a fault.
    """
    contest = _held_contest(order)
    faults = Faults(most=NAMED_FAULTS)
    intake, rows = _take(order, contest, stream, faults, report=report)
    faults.refuse()
    intake.save()
    result: dict[str, object] = {**order.as_data(), "rows": rows, **intake.counts}
    log.info("file imported", **result)
    return result


def report_of(rehearsal: Rehearsal) -> dict[str, object]:
    """A rehearsal as JSON: what the API answers, and a job keeps as its result."""
    return {
        "dry_run": True,
        "kind": rehearsal.kind,
        "valid": rehearsal.valid,
        "rows": rehearsal.rows,
        "counts": dict(rehearsal.counts),
        "fault_count": rehearsal.faults.total,
        "faults": [
            {
                "line": fault.line,
                "column": fault.column,
                "code": fault.code,
                "detail": fault.sentence,
                "pointer": fault.pointer,
            }
            for fault in rehearsal.faults.kept
        ],
    }


def _take(
    order: Order,
    contest: Contest | None,
    stream: BinaryIO,
    faults: Faults,
    *,
    rehearses: bool = False,
    report: Report | None = None,
) -> tuple[Intake, int]:
    """Take every row of the file; how many there were."""
    given: dict[str, Any] = {
        "organization_id": order.organization_id,
        "contest": contest,
        "updates": order.on_existing == OnExisting.UPDATE,
        "rehearses": rehearses,
    }
    if order.kind == TableKind.SCORES:  # who may import marks was asked before the job was made
        given["access"] = Importer(order.organization_id)
    intake = INTAKES[order.kind](**given)
    rows = intake.read(_watched(rows_of(order, stream, faults), stream, report))
    faults.sort()
    return intake, rows


def _watched(rows: Iterable[Row], stream: BinaryIO, report: Report | None) -> Iterator[Row]:
    """The rows, while `report` is told how far they are read."""
    size = stream.seek(0, 2)
    stream.seek(0)
    for count, row in enumerate(rows):
        if report is not None and count % REPORT_EVERY == 0:
            report(stream.tell(), total=size, message=f"{count} rows")
        yield row


def rows_of(order: Order, stream: BinaryIO, faults: Faults) -> Iterator[Row]:
    """The rows of a file of this kind; whether its header is right is known once the first one is asked for."""
    kind = INTAKES[order.kind]
    return read_table(order.file, stream, kind.columns, faults, optional=kind.optional, most_rows=kind.most_rows)


def contest_of(order: Order) -> Contest | None:
    """The contest as it is now, if it takes the rows."""
    if order.contest_id is None:
        return None
    contest: Contest | None = Contest.objects.filter(pk=order.contest_id).first()
    if contest is None:
        raise NotFound
    _require_open(order, contest)
    return contest


def _held_contest(order: Order) -> Contest | None:
    """The same, kept from everybody who would get in the way until the transaction ends."""
    if order.contest_id is None:
        return None
    if order.kind == TableKind.SCORES:
        contests = hold_for_share(contest_ids=[order.contest_id])
        if not contests:
            raise NotFound
        contest = contests[0]
    else:
        contest = hold_for_update(contest_id=order.contest_id)
    _require_open(order, contest)
    return contest


def _require_open(order: Order, contest: Contest) -> None:
    (require_scoring if order.kind == TableKind.SCORES else require_changeable)(contest)
