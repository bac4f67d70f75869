"""Standard competition ranking (1, 2, 2, 4), with tie-breakers.

Competing contenders are ordered by merit, the highest first. A group of equal merit goes through the
tie-breakers in order; each splits every group that is still tied, and goes on to the next those that stay
together. Whoever is tied in the end shares the place. All values are "higher is better" here: the caller
turns round what is not.

* A number (technical points, component total, criterion, category): a missing one is behind all others, and
  two missing ones are tied.
* `higher_median`: the median of the contender's ballots, none being a missing one.
* `head_to_head`, within the group as it is when this tie-breaker begins: a judge prefers x to y by a higher
  ballot, and has no say where one of the two ballots is missing; x beats y if more judges prefer x than y.
  The value of x is 2 for each member of the group it beats and 1 for each it draws with (Copeland's
  method). It is computed once: a subgroup that stays tied goes to the next tie-breaker, not through
  head-to-head again.

A ballot is a judge's raw total for the entry, Σ mark * factor over all criteria, with no normalisation,
trimming or rounding; it is missing unless that judge scored every criterion of the entry.

`decided_by` names each tie-breaker that split the group a contender was in: the one that parted it from
those with the same merit. In SQL: those i with `count(*) over (merit, t1…t(i-1)) <> count(*) over (merit,
t1…ti)`.

Contenders without a merit come after all ranked ones, then no-shows, withdrawn and disqualified ones: none
of these has a place, and none shifts another. Those listed together keep the order in which they were
given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from apps.contests.scoring.marks import EntryStatus
from apps.contests.scoring.moments import median
from apps.contests.scoring.rounding import exact_arithmetic
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind

BEAT, DRAW = 2, 1

SortKey = tuple[bool, Decimal | int]


@dataclass(frozen=True, slots=True)
class Contender:
    """Who is ranked. `merit` is compared item by item; `ballots` has one item a voter, alike for all."""

    key: str
    status: EntryStatus
    merit: tuple[Decimal, ...] | None
    values: Mapping[TieBreaker, Decimal | None] = field(default_factory=dict)
    ballots: tuple[Decimal | None, ...] = ()

    @property
    def ranked(self) -> bool:
        return self.status is EntryStatus.ENTERED and self.merit is not None


@dataclass(frozen=True, slots=True)
class Placing:
    """`place` is None for whoever is listed without one; `shared` says that others have the same place."""

    key: str
    status: EntryStatus
    place: int | None = None
    shared: bool = False
    decided_by: tuple[str, ...] = ()


def rank(contenders: Sequence[Contender], tie_breakers: Sequence[TieBreaker] = ()) -> tuple[Placing, ...]:
    """One placing for each contender, in the order in which a result lists them."""
    with exact_arithmetic():
        ranked = [contender for contender in contenders if contender.ranked]
        groups = _split(ranked, lambda contender: contender.merit or ())
        decided: dict[str, list[str]] = {contender.key: [] for contender in ranked}
        for tie_breaker in tie_breakers:
            groups = [part for group in groups for part in _break_tie(group, tie_breaker, decided)]
    placings: list[Placing] = []
    for group in groups:
        place = len(placings) + 1
        for contender in group:
            reasons = tuple(decided[contender.key])
            placings.append(Placing(contender.key, contender.status, place, len(group) > 1, reasons))
    order = list(EntryStatus)
    unranked = [contender for contender in contenders if not contender.ranked]
    unranked.sort(key=lambda contender: order.index(contender.status))
    return (*placings, *(Placing(contender.key, contender.status) for contender in unranked))


def _break_tie(
    group: list[Contender], tie_breaker: TieBreaker, decided: dict[str, list[str]]
) -> list[list[Contender]]:
    if len(group) == 1:
        return [group]
    if tie_breaker.kind is TieBreakerKind.HEAD_TO_HEAD:
        parts = _split(group, lambda contender: (True, _victories(contender, group)))
    elif tie_breaker.kind is TieBreakerKind.HIGHER_MEDIAN:
        parts = _split(group, lambda contender: _missing_last(_median_ballot(contender)))
    else:
        parts = _split(group, lambda contender: _missing_last(contender.values.get(tie_breaker)))
    if len(parts) > 1:
        for contender in group:
            decided[contender.key].append(tie_breaker.name)
    return parts


def _split(
    group: Sequence[Contender], key: Callable[[Contender], tuple[Decimal, ...] | SortKey]
) -> list[list[Contender]]:
    """Parts of equal key, the highest key first, each in the order given."""
    ordered = sorted(group, key=key, reverse=True)
    return [list(part) for _, part in groupby(ordered, key=key)]


def _missing_last(value: Decimal | None) -> SortKey:
    return (False, Decimal(0)) if value is None else (True, value)


def _median_ballot(contender: Contender) -> Decimal | None:
    given = [ballot for ballot in contender.ballots if ballot is not None]
    return median(given) if given else None


def _victories(contender: Contender, group: Sequence[Contender]) -> int:
    points = 0
    for other in group:
        if other is contender:
            continue
        lead = 0
        for mine, theirs in zip(contender.ballots, other.ballots, strict=True):
            if mine is not None and theirs is not None:
                lead += (mine > theirs) - (mine < theirs)
        points += BEAT if lead > 0 else DRAW if lead == 0 else 0
    return points
