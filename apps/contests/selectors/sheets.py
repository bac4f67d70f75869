"""A contest as the scoring core takes it: sheets of marks read from the rows, results computed from those.

Keys in the sheets: an entry and a contestant go by the contestant's id, a seat by the assignment's, a category by its
slug, a criterion by its name (that is how tie-breakers name them).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from uuid import UUID

from apps.contests import models
from apps.contests.enums import ContestantStatus, SeatRole
from apps.contests.scoring.category import CategoryResult, score_category
from apps.contests.scoring.contest import Contestant, ContestResult, WeightedCategory, score_contest
from apps.contests.scoring.marks import (
    CategorySheet,
    Criterion,
    Deduction,
    DeductionStage,
    DeductionUnit,
    Entry,
    EntryStatus,
    Mark,
    MarkState,
)
from apps.contests.selectors.board.policy import BoardPolicy, CategoryPolicy, load_policy


@dataclass(frozen=True, slots=True)
class ContestRows:
    """The live rows that a contest's results are computed from, in their order, and its rules.

    Seats of the panel only, marks and recusals of those, and deductions that stand.
    """

    policy: BoardPolicy
    contestants: tuple[models.Contestant, ...]
    entries: tuple[models.Entry, ...]
    seats: tuple[models.Assignment, ...]
    scores: tuple[models.Score, ...]
    recusals: tuple[models.Recusal, ...]
    deductions: tuple[models.Deduction, ...]


@dataclass(frozen=True, slots=True)
class ContestSheets(ContestRows):
    """The rows, and the sheet of each category."""

    sheets: Mapping[UUID, CategorySheet]


@dataclass(frozen=True, slots=True)
class ContestStandings:
    """What the scoring core makes of the sheets; categories by their ids."""

    categories: Mapping[UUID, CategoryResult]
    contest: ContestResult


def read_sheets(contest: models.Contest) -> ContestSheets:
    """Everything of a contest in a constant number of queries.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
    """
    within = {"category__contest": contest}
    entries = models.Entry.objects.filter(**within).select_related("contestant")
    seats = models.Assignment.objects.filter(**within).exclude(role=SeatRole.RESERVE).select_related("judge")
    recusals = models.Recusal.objects.filter(assignment__category__contest=contest).exclude(
        assignment__role=SeatRole.RESERVE
    )
    scores = models.Score.objects.filter(entry__category__contest=contest).exclude(assignment__role=SeatRole.RESERVE)
    deductions = models.Deduction.objects.filter(entry__category__contest=contest, reversed_at=None)
    return sheets_of(
        ContestRows(
            policy=load_policy(contest),
            contestants=tuple(models.Contestant.objects.filter(contest=contest).order_by("number", "id")),
            entries=tuple(sorted(entries, key=starting_order)),
            seats=tuple(sorted(seats, key=seat_order)),
            scores=tuple(scores.order_by("id")),
            recusals=tuple(recusals.order_by("id")),
            deductions=tuple(deductions.order_by("id")),
        )
    )


def sheets_of(rows: ContestRows) -> ContestSheets:
    """The rows, sorted into sheets."""
    parts = {part.name: getattr(rows, part.name) for part in fields(ContestRows)}
    return ContestSheets(**parts, sheets=_sheets(rows))


def compute_standings(sheets: ContestSheets) -> ContestStandings:
    """The results, by the scoring core."""
    results = {
        policy.category.pk: score_category(sheets.sheets[policy.category.pk], policy.rule)
        for policy in sheets.policy.categories
    }
    contest = score_contest(
        contenders_of(sheets),
        [
            WeightedCategory(policy.category.slug, policy.category.weight, results[policy.category.pk])
            for policy in sheets.policy.categories
        ],
        sheets.policy.rule,
    )
    return ContestStandings(results, contest)


def contenders_of(rows: ContestRows) -> list[Contestant]:
    """The contestants with everything that was deducted from them, in the order of their numbers."""
    owners = {entry.pk: entry.contestant_id for entry in rows.entries}
    imposed: dict[UUID, list[models.Deduction]] = defaultdict(list)
    for deduction in rows.deductions:
        imposed[owners[deduction.entry_id]].append(deduction)
    return [
        Contestant(str(contestant.pk), EntryStatus(contestant.status), _deductions(imposed[contestant.pk]))
        for contestant in rows.contestants
    ]


def entry_status(entry: models.Entry) -> EntryStatus:
    """Who is out of the contest is out of each category."""
    out = entry.contestant.status != ContestantStatus.ENTERED
    return EntryStatus(entry.contestant.status if out else entry.state)


def starting_order(entry: models.Entry) -> tuple[bool, int, int, UUID]:
    """Entries in the order of their starts, those without a number last."""
    order = entry.starting_order
    return (order is None, order or 0, entry.contestant.number, entry.pk)


def seat_order(seat: models.Assignment) -> tuple[int, str, UUID]:
    """J2 before J10."""
    return (len(seat.seat), seat.seat, seat.pk)


def _sheets(found: ContestRows) -> dict[UUID, CategorySheet]:
    owners = {entry.pk: entry for entry in found.entries}
    categories = {seat.pk: seat.category_id for seat in found.seats}
    scores: dict[UUID, list[models.Score]] = defaultdict(list)
    for score in found.scores:
        scores[owners[score.entry_id].category_id].append(score)
    recusals: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    for recusal in found.recusals:
        pair = (str(recusal.assignment_id), str(recusal.contestant_id))
        recusals[categories[recusal.assignment_id]].add(pair)
    deductions: dict[UUID, list[models.Deduction]] = defaultdict(list)
    for deduction in found.deductions:
        deductions[deduction.entry_id].append(deduction)
    return {
        policy.category.pk: _sheet(
            policy, found, scores[policy.category.pk], recusals[policy.category.pk], deductions
        )
        for policy in found.policy.categories
    }


def _sheet(
    policy: CategoryPolicy,
    found: ContestRows,
    scores: Iterable[models.Score],
    recusals: set[tuple[str, str]],
    deductions: Mapping[UUID, list[models.Deduction]],
) -> CategorySheet:
    category_id = policy.category.pk
    names = {criterion.pk: criterion.name for criterion in policy.criteria}
    entries = [entry for entry in found.entries if entry.category_id == category_id]
    contestants = {entry.pk: str(entry.contestant_id) for entry in entries}
    known = set(contestants.values())
    return CategorySheet(
        judges=tuple(str(seat.pk) for seat in found.seats if seat.category_id == category_id),
        criteria=tuple(Criterion(criterion.name, criterion.factor) for criterion in policy.criteria),
        entries=tuple(
            Entry(
                str(entry.contestant_id),
                entry_status(entry),
                entry.technical_points,
                _deductions(deductions[entry.pk]),
            )
            for entry in entries
        ),
        marks=tuple(
            Mark(
                str(score.assignment_id),
                contestants[score.entry_id],
                names[score.criterion_id],
                score.value,
                MarkState(score.state),
            )
            for score in scores
        ),
        recusals=frozenset(pair for pair in recusals if pair[1] in known),
    )


def _deductions(deductions: Iterable[models.Deduction]) -> tuple[Deduction, ...]:
    return tuple(
        Deduction(deduction.amount, DeductionStage(deduction.stage), DeductionUnit(deduction.unit))
        for deduction in deductions
    )
