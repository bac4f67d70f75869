"""Short spellings of sheets for tests."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from apps.contests.scoring.marks import CategorySheet, Criterion, Entry, Mark, MarkState

STATES = {"absent": MarkState.ABSENT, "abstained": MarkState.ABSTAINED}


def numbers(text: str) -> list[Decimal]:
    """`"9 8.5"` as decimals."""
    return [Decimal(word) for word in text.split()]


def sheet_of(
    marks: Mapping[str, Mapping[str, str]],
    *,
    factors: Mapping[str, str] | None = None,
    entries: Mapping[str, Entry] | None = None,
    recusals: frozenset[tuple[str, str]] = frozenset(),
) -> CategorySheet:
    """A sheet from `{entry: {criterion: "9 8.5 - absent"}}`: one word a seat, a dash for a missing mark.

    `entries` replaces plain entries by those given; seats are J1, J2…
    """
    criteria = list(dict.fromkeys(key for lines in marks.values() for key in lines))
    words = {(entry, criterion): text.split() for entry, lines in marks.items() for criterion, text in lines.items()}
    seats = max((len(line) for line in words.values()), default=0)
    return CategorySheet(
        judges=tuple(f"J{seat}" for seat in range(1, seats + 1)),
        criteria=tuple(Criterion(key, Decimal((factors or {}).get(key, "1"))) for key in criteria),
        entries=tuple((entries or {}).get(key, Entry(key)) for key in marks),
        marks=tuple(
            _mark(f"J{seat}", entry, criterion, word)
            for (entry, criterion), line in words.items()
            for seat, word in enumerate(line, start=1)
            if word != "-"
        ),
        recusals=recusals,
    )


def _mark(judge: str, entry: str, criterion: str, word: str) -> Mark:
    if word in STATES:
        return Mark(judge, entry, criterion, state=STATES[word])
    return Mark(judge, entry, criterion, Decimal(word))
