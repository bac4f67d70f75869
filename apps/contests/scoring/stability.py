"""How firm a place is: would another panel have placed the same?

*Bootstrap* (Efron, 1979): from a panel of n judges, n are drawn with replacement, and everything from the
panel score to the final place is computed again; each category's panel is drawn on its own. "The winner is
the same in 94 % of panels" is the share of draws with exactly the same set of winners.

*Leave one out*: each judge is taken out in turn.

A draw is repeatable by anybody: the seats of draw d (from 1) in category c are the bytes of SHAKE-256(UTF-8
of `<seed>:<c>:<d>`) in groups of eight, each as a big-endian number modulo n. No library's random generator
is involved, so the same seed gives the same answer on every version of Python.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.contests.scoring.category import PreparedCategory, prepare_category, score_prepared
from apps.contests.scoring.contest import Contestant, WeightedCategory, score_contest
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.marks import CategorySheet
from apps.contests.scoring.rounding import quotient, round_to
from apps.contests.scoring.rule import ScoringRule

DEFAULT_DRAWS = 1000
SHARE_PLACES = 4
BYTES_PER_SEAT = 8

Places = Mapping[str, int | None]
"""The place of each contender, None for those without one."""
Decide = Callable[[Mapping[str, PreparedCategory]], Places]


@dataclass(frozen=True, slots=True)
class PlaceStability:
    """`draws_by_place` counts the draws in which the contender had each place, None being without one."""

    key: str
    place: int | None
    same_place: int
    draws_by_place: Mapping[int | None, int]


@dataclass(frozen=True, slots=True)
class WithoutJudge:
    """The result without this judge. `moved` holds old and new place of everyone whose place changes."""

    category: str
    judge: str
    winners: tuple[str, ...]
    same_winners: bool
    moved: Mapping[str, tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Stability:
    """`same_winners` counts the draws with the winners of the real panel; both lists in the result's order."""

    seed: str
    draws: int
    winners: tuple[str, ...]
    same_winners: int
    places: tuple[PlaceStability, ...]
    without_judge: tuple[WithoutJudge, ...]

    @property
    def same_winners_share(self) -> Decimal:
        """Between 0 and 1, half-up to four places."""
        return round_to(quotient(Decimal(self.same_winners), self.draws), places=SHARE_PLACES)


@dataclass(frozen=True, slots=True)
class JudgedCategory:
    """A category as input: what `WeightedCategory` is as output."""

    key: str
    weight: Decimal
    sheet: CategorySheet
    rule: ScoringRule


def category_stability(
    sheet: CategorySheet, rule: ScoringRule, *, seed: str, draws: int = DEFAULT_DRAWS, key: str = "category"
) -> Stability:
    """How firm the places of one category are. `key` is its name in the seed of the draws."""

    def decide(categories: Mapping[str, PreparedCategory]) -> Places:
        return {entry.key: entry.place for entry in score_prepared(categories[key]).entries}

    return _stability({key: prepare_category(sheet, rule)}, decide, seed=seed, draws=draws)


def contest_stability(
    contestants: Sequence[Contestant],
    categories: Sequence[JudgedCategory],
    rule: ContestRule,
    *,
    seed: str,
    draws: int = DEFAULT_DRAWS,
) -> Stability:
    """How firm the places of a contest are, over the panels of all its categories."""

    def decide(prepared: Mapping[str, PreparedCategory]) -> Places:
        scored = [
            WeightedCategory(category.key, category.weight, score_prepared(prepared[category.key]))
            for category in categories
        ]
        return {line.key: line.place for line in score_contest(contestants, scored, rule).contestants}

    prepared = {category.key: prepare_category(category.sheet, category.rule) for category in categories}
    return _stability(prepared, decide, seed=seed, draws=draws)


def drawn_seats(*, seed: str, category: str, draw: int, seats: int) -> tuple[int, ...]:
    """As many seats as the panel has, each drawn from all of them."""
    digest = hashlib.shake_256(f"{seed}:{category}:{draw}".encode()).digest(BYTES_PER_SEAT * seats)
    groups = (digest[start : start + BYTES_PER_SEAT] for start in range(0, len(digest), BYTES_PER_SEAT))
    return tuple(int.from_bytes(group, "big") % seats for group in groups)


def _stability(categories: Mapping[str, PreparedCategory], decide: Decide, *, seed: str, draws: int) -> Stability:
    if draws < 1:
        raise ValueError("There is no share of no draws: at least one is needed.")
    real = decide(categories)
    winners = _winners(real)
    counts: dict[str, Counter[int | None]] = {key: Counter() for key in real}
    same_winners = 0
    for draw in range(1, draws + 1):
        places = decide(
            {
                key: category.reseated(
                    drawn_seats(seed=seed, category=key, draw=draw, seats=len(category.sheet.judges))
                )
                for key, category in categories.items()
            }
        )
        same_winners += _winners(places) == winners
        for key, place in places.items():
            counts[key][place] += 1
    return Stability(
        seed=seed,
        draws=draws,
        winners=winners,
        same_winners=same_winners,
        places=tuple(
            PlaceStability(key, place, counts[key][place], dict(counts[key])) for key, place in real.items()
        ),
        without_judge=tuple(_without_each_judge(categories, decide, real)),
    )


def _without_each_judge(
    categories: Mapping[str, PreparedCategory], decide: Decide, real: Places
) -> Iterator[WithoutJudge]:
    for key, category in categories.items():
        for seat, judge in enumerate(category.sheet.judges):
            others = [other for other in range(len(category.sheet.judges)) if other != seat]
            places = decide({**categories, key: category.reseated(others)})
            winners = _winners(places)
            yield WithoutJudge(
                category=key,
                judge=judge,
                winners=winners,
                same_winners=winners == _winners(real),
                moved={
                    contender: (place, places[contender])
                    for contender, place in real.items()
                    if places[contender] != place
                },
            )


def _winners(places: Places) -> tuple[str, ...]:
    """Sorted, so that two sets of winners can be compared."""
    return tuple(sorted(key for key, place in places.items() if place == 1))
