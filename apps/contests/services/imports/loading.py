"""Competitions into the database: all of them or none, in bulk, and never twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Protocol
from uuid import UUID

import structlog
from django.db import connection, transaction

from apps.contests.enums import ScoreState
from apps.contests.models import (
    Assignment,
    Category,
    Contest,
    Contestant,
    Criterion,
    Deduction,
    Entry,
    Judge,
    Score,
)
from apps.contests.services.imports.comparing import refuse_difference
from apps.contests.services.imports.isu_rows import HIGHEST, LOWEST, STEP
from apps.contests.services.imports.sheets import CategorySheet, CompetitionSheet, ContestSheet
from apps.contests.services.transitions import lock_contest, open_contest, start_scoring
from apps.core.access import Capability
from apps.events.models import Event
from apps.events.services import complete_event, create_event, publish_event, start_event

log = structlog.get_logger("podium.import")

BATCH = 2000
LOCK = "podium.import"
DEDUCTION_REASON = "Total of the protocol's deductions"


class Report(Protocol):
    """Told of each step; may raise to stop the import."""

    def __call__(self, progress: int, *, total: int, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Importer:
    """What an import may do with the contests that it makes; who may import was asked before it began."""

    organization_id: UUID
    user_id: UUID | None = None

    def allows(self, capability: Capability, obj: object | None = None) -> bool:
        """All of a contest's way up to the lock."""
        del obj
        return capability in {Capability.VIEW, Capability.ORGANIZE, Capability.MARK, Capability.TALLY}


@dataclass(slots=True)
class ImportResult:
    """How many were made; `unchanged` contests were there before. `event_ids` names all events."""

    events: int = 0
    contests: int = 0
    unchanged: int = 0
    categories: int = 0
    criteria: int = 0
    contestants: int = 0
    judges: int = 0
    entries: int = 0
    scores: int = 0
    deductions: int = 0
    event_ids: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, object]:
        """As a job keeps it."""
        return asdict(self)


@transaction.atomic
def load_competitions(
    *, organization_id: UUID, competitions: Sequence[CompetitionSheet], report: Report
) -> ImportResult:
    """Make events, contests, people, marks, and lock each contest.

    A contest that is there already is compared with the file and left alone. One that is not is added to its event.

    Args:
        report: told how many marks of how many are done.

    Raises:
        ImportDiffers: a contest is there with other marks; nothing is loaded then.
    """
    _take_turns(organization_id)
    total = sum(contest.marks for competition in competitions for contest in competition.contests)
    done, result = 0, ImportResult()
    for competition in competitions:
        event = _event(organization_id, competition, result)
        known = {contest.slug: contest for contest in Contest.objects.filter(event=event)}
        for position, sheet in enumerate(competition.contests):
            report(done, total=total, message=f"{competition.name}: {sheet.name}")
            if sheet.slug in known:
                refuse_difference(known[sheet.slug], sheet)
                result.unchanged += 1
            else:
                _load_contest(event, position, sheet, result)
            done += sheet.marks
    report(done, total=total, message="Saving")
    log.info("competitions imported", **result.as_data())
    return result


def _take_turns(organization_id: UUID) -> None:
    """Two imports of one organization at once: the second waits for the first, and finds what it made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{LOCK} {organization_id}"])


def _event(organization_id: UUID, competition: CompetitionSheet, result: ImportResult) -> Event:
    event = Event.objects.filter(slug=competition.slug).first()
    if event is None:
        event = create_event(organization_id=organization_id, name=competition.name, slug=competition.slug)
        for step in (publish_event, start_event, complete_event):
            step(event=event)
        result.events += 1
    result.event_ids.append(str(event.pk))
    return event


def _load_contest(event: Event, position: int, sheet: ContestSheet, result: ImportResult) -> None:
    access = Importer(event.organization_id)
    contest = Contest.objects.create(
        organization_id=event.organization_id,
        event=event,
        name=sheet.name,
        slug=sheet.slug,
        position=position,
        rule=sheet.rule.to_dict(),
    )
    open_contest(contest_id=contest.pk, access=access)
    contestants = {
        one.number: Contestant(
            organization_id=event.organization_id,
            contest=contest,
            number=one.number,
            name=one.name,
            affiliation=one.affiliation,
            members=list(one.members),
        )
        for one in sheet.contestants
    }
    Contestant.objects.bulk_create(contestants.values())
    scores: list[Score] = []
    for place, category in enumerate(sheet.categories):
        scores += _load_category(contest, contestants, place, category, result)
    start_scoring(contest_id=contest.pk, access=access)
    Score.objects.bulk_create(scores, batch_size=BATCH)
    lock_contest(contest_id=contest.pk, access=access)
    result.contests += 1
    result.contestants += len(contestants)
    result.scores += len(scores)


def _load_category(
    contest: Contest, contestants: Mapping[int, Contestant], place: int, sheet: CategorySheet, result: ImportResult
) -> list[Score]:
    """Everything but the marks, which are returned: they are taken once scoring has begun."""
    owner = contest.organization_id
    category = Category.objects.create(
        organization_id=owner,
        contest=contest,
        name=sheet.name,
        slug=sheet.slug,
        position=place,
        rule=sheet.rule.to_dict(),
    )
    criteria = {
        one.name: Criterion(
            organization_id=owner,
            category=category,
            name=one.name,
            position=position,
            minimum=LOWEST,
            maximum=HIGHEST,
            step=STEP,
            factor=one.factor,
        )
        for position, one in enumerate(sheet.criteria)
    }
    Criterion.objects.bulk_create(criteria.values())
    panel = _seat_panel(contest, category, sheet)
    entries = {
        line.number: Entry(
            organization_id=owner,
            category=category,
            contestant=contestants[line.number],
            starting_order=line.starting_order,
            technical_points=line.technical_points,
        )
        for line in sheet.entries
    }
    Entry.objects.bulk_create(entries.values())
    result.categories += 1
    result.criteria += len(criteria)
    result.judges += len(panel)
    result.entries += len(entries)
    result.deductions += _impose_deductions(sheet, entries)
    return [
        Score(
            organization_id=owner,
            assignment=panel[seat],
            entry=entries[line.number],
            criterion=criteria[name],
            state=ScoreState.ABSENT if value is None else ScoreState.SCORED,
            value=value,
        )
        for line in sheet.entries
        for (name, seat), value in line.marks.items()
    ]


def _seat_panel(contest: Contest, category: Category, sheet: CategorySheet) -> dict[str, Assignment]:
    """One judge a seat, named after it: the files don't say who sat there."""
    owner = category.organization_id
    where = f"{contest.name} {category.name.lower()}, {contest.event.name}"
    judges = {seat: Judge(organization_id=owner, name=f"{seat} {where}"[:200]) for seat in sheet.seats}
    seats = {
        seat: Assignment(organization_id=owner, judge=judge, category=category, seat=seat)
        for seat, judge in judges.items()
    }
    Judge.objects.bulk_create(judges.values())
    Assignment.objects.bulk_create(seats.values())
    return seats


def _impose_deductions(sheet: CategorySheet, entries: Mapping[int, Entry]) -> int:
    """The protocol's total a performance, and how many those are."""
    deductions = [
        Deduction(
            organization_id=entries[line.number].organization_id,
            entry=entries[line.number],
            amount=line.deductions,
            reason=DEDUCTION_REASON,
        )
        for line in sheet.entries
        if line.deductions
    ]
    Deduction.objects.bulk_create(deductions)
    return len(deductions)
