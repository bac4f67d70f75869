"""What single rows can't tell: whether the performances of a segment make one score sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.contests.services.imports.faults import Faults, shown
from apps.contests.services.imports.isu_rows import ASPECTS, MARKS, PERFORMANCES, Component, Performance, Rows
from apps.contests.services.imports.naming import group, slug_of

PANEL = 3  # of three marks one is left when the highest and the lowest are dropped


def check_rows(rows: Rows, faults: Faults) -> None:
    """Note what is wrong between the rows of the three files."""
    if not rows.performances and not faults.total:
        faults.add(PERFORMANCES, 0, "", "EMPTY", f"{PERFORMANCES} holds no performance.")
    _check_names(rows.performances)
    for contest in group(rows.performances, lambda one: (one.competition, slug_of(one.contest))).values():
        _check_nations(contest)
        for segment in group(contest, lambda one: slug_of(one.segment)).values():
            _check_starts(segment)
            if not faults.total:  # after a bad row, what is missing here would be its fault
                _check_components(segment, rows.components)


def _check_names(performances: Sequence[Performance]) -> None:
    """Two competitions must not end up at one address."""
    names: dict[str, str] = {}
    for one in performances:
        slug = slug_of(one.competition)
        other = names.setdefault(slug, one.competition)
        if other != one.competition:
            sentence = f"Spell it as before, {shown(other)}, or name it apart: both would be the event {slug}."
            one.row.refuse("competition", "SAME_SLUG", sentence)


def _check_nations(contest: Sequence[Performance]) -> None:
    first: dict[str, Performance] = {}
    for one in contest:
        other = first.setdefault(one.name, one)
        if other.nation != one.nation:
            sentence = f"{one.name} starts for {other.nation} in line {other.row.line}. Give one nation."
            one.row.refuse("nation", "CONTRADICTION", sentence)


def _check_starts(segment: Sequence[Performance]) -> None:
    names: dict[str, int] = {}
    numbers: dict[int, int] = {}
    for one in segment:
        line = names.setdefault(one.name, one.row.line)
        if line != one.row.line:
            one.row.refuse("name", "DUPLICATE", f"{one.name} performs in this program in line {line} already.")
        line = numbers.setdefault(one.starting_number, one.row.line)
        if line != one.row.line:
            sentence = f"Starting number {one.starting_number} is taken in line {line}."
            one.row.refuse("starting_number", "DUPLICATE", sentence)


def _check_components(segment: Sequence[Performance], components: Mapping[str, list[Component]]) -> None:
    """Each performance of a segment is marked for the same components, with the same factors."""
    expected: dict[str, Component] = {}
    for one in segment:
        found: dict[str, Component] = {}
        for component in components.get(one.id, ()):
            if component.name in found:
                line = found[component.name].row.line
                sentence = f"This performance has {shown(component.name)} in line {line} already."
                component.row.refuse("aspect_desc", "DUPLICATE", sentence)
            found.setdefault(component.name, component)
            _check_panel(component)
        expected = expected or found
        _compare(one, found, expected)


def _check_panel(component: Component) -> None:
    marks = sum(mark is not None for mark in component.marks.values())
    if marks < PANEL:
        sentence = f"{marks} judges have marked it in {MARKS}; a panel of at least {PANEL} is needed."
        component.row.refuse("aspect_id", "PANEL_TOO_SMALL", sentence)


def _compare(one: Performance, found: Mapping[str, Component], expected: Mapping[str, Component]) -> None:
    if not found:
        sentence = f"There are no components of this performance in {ASPECTS}."
        one.row.refuse("performance_id", "NO_COMPONENTS", sentence)
        return
    for name in expected.keys() - found.keys():
        sentence = f"The component {shown(name)}, which others in this program have, is missing in {ASPECTS}."
        one.row.refuse("performance_id", "MISSING_COMPONENT", sentence)
    for name, component in found.items():
        first = expected.get(name)
        if first is None:
            sentence = f"The first performance of this program has no {shown(name)}. All need the same components."
            component.row.refuse("aspect_desc", "UNEXPECTED_COMPONENT", sentence)
        elif first.factor != component.factor:
            sentence = f"The factor is {first.factor} in line {first.row.line}; it is one for the whole program."
            component.row.refuse("factor", "CONTRADICTION", sentence)
