"""Sorting a sheet's marks into panels: one line of seats for each entry and unit, normalised by judge.

With unit `criterion` there is one line a criterion, of the marks. With `judge_total` there is one line: a
judge's value is Σ mark * factor over all criteria, exact, and its state is that of the first of recused,
missing, absent, abstained that any of the judge's marks for the entry has; so half a scorecard is a missing
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from apps.contests.scoring.marks import CategorySheet, Criterion, Mark, MarkState
from apps.contests.scoring.normalise import normalise
from apps.contests.scoring.panel import JudgeValue
from apps.contests.scoring.rule import ScoringRule, Unit

Line = tuple[JudgeValue, ...]
Lines = Mapping[str, tuple[Line, ...]]
"""By entry: one line a unit, in the order of the criteria; each with every seat, in seat order."""
Ballots = Mapping[str, tuple[Decimal | None, ...]]
"""By entry: each seat's raw total, None unless that judge scored every criterion."""

_Records = Mapping[tuple[str, str, str], Mark]
_WORST_FIRST = (MarkState.RECUSED, MarkState.MISSING, MarkState.ABSENT, MarkState.ABSTAINED)


def unit_lines(sheet: CategorySheet, rule: ScoringRule) -> Lines:
    """All panels of the sheet, with raw and adjusted values."""
    records = _records(sheet)
    raw = {entry.key: _raw_lines(sheet, records, rule.unit, entry.key) for entry in sheet.entries}
    competing = [entry.key for entry in sheet.entries if entry.competes]
    for unit in range(len(raw[competing[0]]) if competing else 0):
        for seat in range(len(sheet.judges)):
            _adjust(raw, competing, unit, seat, rule)
    return {key: tuple(tuple(line) for line in lines) for key, lines in raw.items()}


def judge_ballots(sheet: CategorySheet) -> Ballots:
    """Each judge's raw total of each entry; nobody has one where there are no criteria."""
    records = _records(sheet)
    return {
        entry.key: tuple(_judge_total(sheet, records, judge, entry.key).raw for judge in sheet.judges)
        if sheet.criteria
        else (None,) * len(sheet.judges)
        for entry in sheet.entries
    }


def _records(sheet: CategorySheet) -> _Records:
    return {(mark.judge, mark.entry, mark.criterion): mark for mark in sheet.marks}


def _raw_lines(sheet: CategorySheet, records: _Records, unit: Unit, entry: str) -> list[list[JudgeValue]]:
    if unit is Unit.CRITERION:
        return [
            [_judge_mark(sheet, records, judge, entry, criterion) for judge in sheet.judges]
            for criterion in sheet.criteria
        ]
    return [[_judge_total(sheet, records, judge, entry) for judge in sheet.judges]] if sheet.criteria else []


def _judge_mark(sheet: CategorySheet, records: _Records, judge: str, entry: str, criterion: Criterion) -> JudgeValue:
    if (judge, entry) in sheet.recusals:
        return JudgeValue(judge, MarkState.RECUSED)
    mark = records.get((judge, entry, criterion.key))
    return JudgeValue(judge, mark.state, mark.value) if mark else JudgeValue(judge, MarkState.MISSING)


def _judge_total(sheet: CategorySheet, records: _Records, judge: str, entry: str) -> JudgeValue:
    marks = [_judge_mark(sheet, records, judge, entry, criterion) for criterion in sheet.criteria]
    states = {mark.state for mark in marks}
    for state in _WORST_FIRST:
        if state in states:
            return JudgeValue(judge, state)
    total = Decimal(0)
    for mark, criterion in zip(marks, sheet.criteria, strict=True):
        total += (mark.raw or Decimal(0)) * criterion.factor
    return JudgeValue(judge, MarkState.SCORED, total)


def _adjust(
    raw: Mapping[str, list[list[JudgeValue]]],
    competing: Sequence[str],
    unit: int,
    seat: int,
    rule: ScoringRule,
) -> None:
    """Fill in what one judge's values in one unit are adjusted to; nothing where they are undefined."""
    given = [(key, value.raw) for key in competing if (value := raw[key][unit][seat]).raw is not None]
    adjusted = normalise([mark for _, mark in given], rule).values
    for (key, _), number in zip(given, adjusted, strict=False):
        raw[key][unit][seat] = replace(raw[key][unit][seat], adjusted=number)
