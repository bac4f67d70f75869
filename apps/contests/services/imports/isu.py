"""ISU competitions as Podium sees them: an event a competition, a contest a discipline, a category a segment.

What the files don't say is decided here. Contestants are numbered in the order in which they first start. A judge is
known by seat only, and panels are drawn anew for each segment: J1 of the short program is nobody's J1 of the free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from apps.contests.scoring.contest_rule import Combination, ContestRule, Incomplete
from apps.contests.scoring.rule import Aggregation, MissingMarks, ScoringRule
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from apps.contests.services.imports.faults import Faults
from apps.contests.services.imports.isu_checks import PANEL, check_rows
from apps.contests.services.imports.isu_rows import Component, Performance, read_rows
from apps.contests.services.imports.naming import group, slug_of
from apps.contests.services.imports.sheets import (
    CategorySheet,
    CompetitionSheet,
    ContestantSheet,
    ContestSheet,
    CriterionSheet,
    EntrySheet,
)

# As the sheets list them; other components follow, by name.
COMPONENT_ORDER = ("Skating Skills", "Transitions", "Performance", "Composition", "Interpretation")

Components = Mapping[str, Sequence[Component]]


def read_competitions(streams: Mapping[str, BinaryIO]) -> tuple[CompetitionSheet, ...]:
    """Read the three files, given by their names, in the order of `performances.csv`.

    Raises:
        InvalidFiles: naming what is wrong by file and line; none of it can be used then.
    """
    faults = Faults()
    rows = read_rows(streams, faults)
    check_rows(rows, faults)
    faults.refuse()
    competitions = group(rows.performances, lambda one: one.competition)
    return tuple(
        CompetitionSheet(name, slug_of(name), _contests(performances, rows.components))
        for name, performances in competitions.items()
    )


def _contests(performances: Sequence[Performance], components: Components) -> tuple[ContestSheet, ...]:
    contests = group(performances, lambda one: slug_of(one.contest))
    return tuple(_contest(slug, members, components) for slug, members in contests.items())


def _contest(slug: str, performances: Sequence[Performance], components: Components) -> ContestSheet:
    in_order = sorted(performances, key=lambda one: (_is_free(one), one.starting_number))
    segments = group(in_order, lambda one: slug_of(one.segment))
    starters = group(in_order, lambda one: one.name)
    numbers = {name: number for number, name in enumerate(starters, start=1)}
    return ContestSheet(
        name=performances[0].contest.capitalize(),
        slug=slug,
        rule=_contest_rule([slug for slug, segment in segments.items() if _is_free(segment[0])]),
        contestants=tuple(_contestant(numbers[name], starts[0]) for name, starts in starters.items()),
        categories=tuple(_category(slug, segment, numbers, components) for slug, segment in segments.items()),
    )


def _contestant(number: int, one: Performance) -> ContestantSheet:
    members = tuple(part.strip() for part in one.name.split(" / "))
    return ContestantSheet(number, one.name, one.nation, members if len(members) > 1 else ())


def _category(
    slug: str, segment: Sequence[Performance], numbers: Mapping[str, int], components: Components
) -> CategorySheet:
    first = sorted(components[segment[0].id], key=_component_order)
    entries = tuple(_entry(one, numbers[one.name], components[one.id]) for one in segment)
    seats = {seat for entry in entries for _, seat in entry.marks}
    return CategorySheet(
        name=segment[0].segment.capitalize(),
        slug=slug,
        rule=category_rule(is_free=_is_free(segment[0])),
        seats=tuple(sorted(seats, key=lambda seat: int(seat[1:]))),
        criteria=tuple(CriterionSheet(component.name, component.factor) for component in first),
        entries=entries,
    )


def _entry(one: Performance, number: int, components: Sequence[Component]) -> EntrySheet:
    return EntrySheet(
        number=number,
        starting_order=one.starting_number,
        technical_points=one.technical_points,
        deductions=one.deductions,
        marks={(c.name, seat): value for c in components for seat, value in c.marks.items()},
        official=one.official,
    )


def category_rule(*, is_free: bool) -> ScoringRule:
    """The ISU's: the highest and the lowest mark dropped, rounded half up to 0.01 before and after the factor.

    Ties are broken by the technical points in a short program, by the components in a free skating.
    """
    decider = TieBreakerKind.COMPONENT_TOTAL if is_free else TieBreakerKind.TECHNICAL_POINTS
    return ScoringRule(
        aggregation=Aggregation.TRIMMED_MEAN,
        drop_high=1,
        drop_low=1,
        minimum_panel=PANEL,
        missing=MissingMarks.OMIT,
        technical_points=True,
        tie_breakers=(TieBreaker(decider),),
    )


def _contest_rule(free: Sequence[str]) -> ContestRule:
    """The sum of the segments; who did not qualify for the free skating is behind; ties by the free skating."""
    return ContestRule(
        combination=Combination.WEIGHTED_SUM,
        incomplete=Incomplete.BEHIND,
        tie_breakers=tuple(TieBreaker(TieBreakerKind.CATEGORY, of=slug) for slug in free),
    )


def _is_free(one: Performance) -> bool:
    return one.segment.upper().startswith("FREE")


def _component_order(component: Component) -> tuple[int, str]:
    known = (position for position, name in enumerate(COMPONENT_ORDER) if component.name.startswith(name))
    return next(known, len(COMPONENT_ORDER)), component.name
