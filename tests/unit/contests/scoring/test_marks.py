from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.contests.scoring.errors import InvalidSheet
from apps.contests.scoring.marks import CategorySheet, Criterion, Deduction, Entry, Mark, MarkState

SHEET = CategorySheet(
    judges=("J1", "J2"),
    criteria=(Criterion("skills"),),
    entries=(Entry("a"), Entry("b")),
    marks=(Mark("J1", "a", "skills", Decimal(0)), Mark("J2", "a", "skills", state=MarkState.ABSTAINED)),
)


def refused(**changes: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSheet) as caught:
        replace(SHEET, **changes)  # type: ignore[arg-type]
    return [(error.pointer, error.code) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("mark", "errors"),
    [
        (Mark("J3", "a", "skills", Decimal(1)), [("#/marks/0/judge", "unknown")]),
        (Mark("J1", "c", "skills", Decimal(1)), [("#/marks/0/entry", "unknown")]),
        (Mark("J1", "a", "style", Decimal(1)), [("#/marks/0/criterion", "unknown")]),
        (Mark("J1", "a", "skills", Decimal("NaN")), [("#/marks/0/value", "invalid")]),
        (Mark("J1", "a", "skills", None), [("#/marks/0/value", "invalid")]),
        (Mark("J1", "a", "skills", 0.5), [("#/marks/0/value", "invalid")]),  # type: ignore[arg-type]
        (Mark("J1", "a", "skills", Decimal(0), MarkState.ABSENT), [("#/marks/0/value", "invalid")]),
        (Mark("J1", "a", "skills", None, MarkState.MISSING), [("#/marks/0/state", "invalid")]),
        (Mark("J1", "a", "skills", None, MarkState.RECUSED), [("#/marks/0/state", "invalid")]),
    ],
)
def test_a_mark_that_can_not_be_used_is_named(mark: Mark, errors: list[tuple[str, str]]) -> None:
    assert refused(marks=(mark,)) == errors


def test_a_second_mark_in_the_same_place_is_refused_by_its_number() -> None:
    second = Mark("J1", "a", "skills", Decimal(9))
    assert refused(marks=(*SHEET.marks, second)) == [("#/marks/2", "duplicate")]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert refused(
        judges=("J1", "J2", "J1"),
        criteria=(Criterion("skills", Decimal(-1)),),
        entries=(
            Entry("a", technical_points=Decimal("Infinity")),
            Entry("b", deductions=(Deduction(Decimal(1)), Deduction(Decimal(-1)))),
            Entry("a"),
        ),
        recusals=frozenset({("J9", "a")}),
    ) == [
        ("#/judges/2", "duplicate"),
        ("#/entries/2", "duplicate"),
        ("#/criteria/0/factor", "invalid"),
        ("#/entries/0/technical_points", "invalid"),
        ("#/entries/1/deductions/1/amount", "invalid"),
        ("#/recusals", "unknown"),
    ]
