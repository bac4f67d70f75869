"""Standings of the scoring core in the shape of a board: as the SQL of `board` answers, figure for figure."""

from __future__ import annotations

from decimal import Decimal

from apps.contests import models
from apps.contests.scoring.category import EntryResult, UnitScore
from apps.contests.scoring.contest import ContestantResult, ContestPart
from apps.contests.scoring.contest_rule import Combination
from apps.contests.scoring.marks import MarkState
from apps.contests.scoring.panel import Use, UsedValue
from apps.contests.scoring.rounding import canonical
from apps.contests.scoring.rule import Unit
from apps.contests.selectors.board.policy import BoardPolicy, CategoryPolicy
from apps.contests.selectors.board.rows import (
    ContestantMember,
    ContestantRow,
    CriterionRow,
    DroppedMark,
    EntryRow,
    Visibility,
)
from apps.contests.selectors.sheets import ContestSheets, ContestStandings

ENDS = {Use.DROPPED_LOW: "low", Use.DROPPED_HIGH: "high"}


def contestant_rows(
    sheets: ContestSheets, standings: ContestStandings, visibility: Visibility
) -> list[ContestantRow]:
    """The lines of the winner list; of single marks, those that were dropped where `visibility` says so."""
    contestants = {str(contestant.pk): contestant for contestant in sheets.contestants}
    shown = _Shown(sheets, standings, visibility)
    return [shown.contestant(line, contestants[line.key]) for line in standings.contest.contestants]


def spelled(value: Decimal | None, places: int = 0) -> str | None:
    """A number as people read it: at least `places` decimals, more only where they say something."""
    if value is None:
        return None
    whole, _, decimals = canonical(value).partition(".")
    return f"{whole}.{decimals.ljust(places, '0')}" if decimals or places else whole


class _Shown:
    """Renders the lines of one contest."""

    def __init__(self, sheets: ContestSheets, standings: ContestStandings, visibility: Visibility) -> None:
        self._policy: BoardPolicy = sheets.policy
        self._visibility = visibility
        self._seats = {str(seat.pk): seat for seat in sheets.seats}
        self._entries = {(entry.category_id, str(entry.contestant_id)): entry for entry in sheets.entries}
        self._results = {key: result.by_entry for key, result in standings.categories.items()}

    def contestant(self, line: ContestantResult, contestant: models.Contestant) -> ContestantRow:
        places = self._policy.rule.places
        return {
            "rank": line.place,
            "shared": line.shared,
            "decided_by": list(line.decided_by),
            "contestant": member_of(contestant),
            "subtotal": spelled(line.subtotal, places),
            "deductions": spelled(line.deductions, places),
            "total": spelled(line.total, places),
            "categories": [
                self._entry(category, self._results[category.category.pk][line.key], line)
                for category in self._policy.categories
                if line.key in self._results[category.category.pk]
            ],
        }

    def _entry(self, policy: CategoryPolicy, result: EntryResult, line: ContestantResult) -> EntryRow:
        places = shown_places(policy)
        part: ContestPart | None = next((part for part in line.parts if part.category == policy.category.slug), None)
        by_total = self._policy.rule.combination is Combination.WEIGHTED_SUM
        return {
            "category": str(policy.category.pk),
            "entry": str(self._entries[policy.category.pk, result.key].pk),
            "status": result.status.value,
            "rank": result.place,
            "shared": result.shared,
            "decided_by": list(result.decided_by),
            "component_total": spelled(result.component_total, places),
            "technical_points": spelled(result.technical_points, places),
            "subtotal": spelled(result.subtotal, places),
            "deductions": spelled(result.deductions, places),
            "total": spelled(result.total, places),
            "criteria": [self._criterion(policy, unit) for unit in result.units],
            "value": spelled(part.value if part else None, places if by_total else 0),
            "weighted": spelled(part.weighted if part else None, self._policy.rule.places),
        }

    def _criterion(self, policy: CategoryPolicy, unit: UnitScore) -> CriterionRow:
        return {
            "criterion": str(policy.criterion_id(unit.unit)) if unit.unit is not None else None,
            "panel": spelled(unit.panel.score, policy.rule.panel_places),
            "score": spelled(unit.score, shown_places(policy)),
            "judges": sum(used.value.state is MarkState.SCORED for used in unit.panel.values),
            "fault": unit.panel.fault.value if unit.panel.fault else None,
            "dropped": self._dropped(unit) if self._visibility.dropped else None,
        }

    def _dropped(self, unit: UnitScore) -> list[DroppedMark]:
        found = [
            (used.value.adjusted, seat, used)
            for seat, used in enumerate(unit.panel.values)
            if used.use in ENDS and used.value.adjusted is not None
        ]
        return [
            {"value": canonical(adjusted), "end": ENDS[used.use], "seat": self._seat(used)}
            for adjusted, _, used in sorted(found, key=lambda item: item[:2])
        ]

    def _seat(self, used: UsedValue) -> str | None:
        seat = self._seats[used.value.judge]
        return seat.seat if self._visibility.all_marks or seat.pk in self._visibility.own_seats else None


def member_of(contestant: models.Contestant) -> ContestantMember:
    """Who it is."""
    return {
        "id": str(contestant.pk),
        "number": contestant.number,
        "name": contestant.name,
        "affiliation": contestant.affiliation,
        "status": contestant.status,
    }


def shown_places(policy: CategoryPolicy) -> int:
    """How many decimals the figures of a category have at least."""
    return policy.rule.factor_places if policy.rule.unit is Unit.CRITERION else policy.rule.panel_places
