"""What the automatic allocation of panels starts from, and what it comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from apps.contests.models import Assignment, Category, Contest, Contestant, Entry, Judge, Recusal
from apps.contests.policies import AFFILIATED, competes, marks
from apps.contests.scoring.allocation import Allocation, Entrant, Panel, PanelJudge
from apps.contests.scoring.connection import allocate
from apps.contests.scoring.errors import NotEnoughJudges
from apps.core.errors import FieldError, Invalid

MOST_JUDGES = 300
"""More to choose from are not looked at: whom somebody means among thousands, they can say."""


@dataclass(frozen=True, slots=True)
class PanelOrder:
    """Panels that are wanted.

    `sizes` are the numbers of marking seats by category, those that are taken included, and `size` that of every
    other category, None where these stay as they are. `judges` are whom to choose from, None for everybody;
    `maximum_load` is how many seats of this contest a judge marks from at most.
    """

    seed: str
    size: int | None = None
    sizes: Mapping[UUID, int] = field(default_factory=dict)
    judges: Collection[UUID] | None = None
    maximum_load: int | None = None

    def size_of(self, category: Category) -> int:
        """How many seats are to mark there."""
        return self.sizes.get(category.pk, self.size or 0)


@dataclass(frozen=True, slots=True)
class PlannedRecusal:
    """A contestant whom a planned seat does not mark."""

    contestant: Contestant
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    """A seat that is to be made."""

    category: Category
    judge: Judge
    seat: str
    recusals: tuple[PlannedRecusal, ...]


@dataclass(frozen=True, slots=True)
class PanelPlan:
    """The seats to be made, and everybody's load with them.

    `parts`: into how many groups without a judge in common the contestants fall; one is as it should be.
    """

    contest: Contest
    seed: str
    seats: tuple[PlannedSeat, ...]
    loads: Mapping[Judge, int]
    parts: int

    @property
    def connected(self) -> bool:
        """Whether judges compare all contestants with each other."""
        return self.parts <= 1


@dataclass(frozen=True, slots=True)
class _Stock:
    """The rows that a plan is made from, by id."""

    categories: Mapping[UUID, Category]
    judges: Mapping[UUID, Judge]
    seats: Mapping[UUID, list[Assignment]]
    entrants: Mapping[UUID, list[Contestant]]
    reasons: Mapping[tuple[UUID, UUID], str]


def plan_panels(contest: Contest, order: PanelOrder) -> PanelPlan:
    """Choose judges for the seats that the contest's panels lack, in a number of queries that does not grow.

    Raises:
        Invalid: a category or judge is not known, or there are too many judges to choose from.
        NotEnoughJudges: the panels can't be filled.
    """
    stock = _load(contest, order)
    judges = [_judge_of(judge, stock, order) for judge in stock.judges.values()]
    panels = [_panel_of(category, stock, order) for category in stock.categories.values()]
    try:
        found = allocate(judges, panels, seed=order.seed, maximum_load=order.maximum_load)
    except NotEnoughJudges as error:
        raise _in_words(error, stock) from None
    return PanelPlan(
        contest=contest,
        seed=order.seed,
        seats=tuple(_planned(found, stock)),
        loads={stock.judges[UUID(key)]: load for key, load in found.loads.items()},
        parts=found.parts,
    )


def _load(contest: Contest, order: PanelOrder) -> _Stock:
    categories = {one.pk: one for one in Category.objects.filter(contest=contest)}
    seats: dict[UUID, list[Assignment]] = defaultdict(list)
    for seat in Assignment.objects.filter(category__in=categories).select_related("judge"):
        seats[seat.category_id].append(seat)
    entrants: dict[UUID, list[Contestant]] = defaultdict(list)
    for entry in Entry.objects.filter(category__in=categories).select_related("contestant"):
        if competes(entry):
            entrants[entry.category_id].append(entry.contestant)
    recusals = Recusal.objects.filter(assignment__category__in=categories)
    chosen = _chosen(order)
    _require_known(order.sizes, categories, "category", "#/panels")
    sitting = {seat.judge_id: seat.judge for there in seats.values() for seat in there}
    return _Stock(
        categories=categories,
        judges=sitting | chosen,
        seats=seats,
        entrants=entrants,
        reasons={
            (judge, contestant): reason
            for judge, contestant, reason in recusals.values_list("assignment__judge_id", "contestant_id", "reason")
        },
    )


def _chosen(order: PanelOrder) -> dict[UUID, Judge]:
    """The judges to choose from."""
    judges = Judge.objects.order_by("id")
    if order.judges is not None:
        judges = judges.filter(pk__in=order.judges)
    found = {judge.pk: judge for judge in judges[: MOST_JUDGES + 1]}
    _require_known(order.judges or (), found, "judge", "#/judges")
    if len(found) > MOST_JUDGES:
        detail = f"There are more than {MOST_JUDGES} judges: name those to choose from."
        raise Invalid(detail, errors=[FieldError("#/judges", "REQUIRED", detail)])
    return found


def _require_known(asked: Collection[UUID], known: Mapping[UUID, object], what: str, pointer: str) -> None:
    unknown = [key for key in asked if key not in known]
    if unknown:
        raise Invalid(
            f"There is no such {what}.",
            errors=[FieldError(pointer, "DOES_NOT_EXIST", f"There is no {what} {key}.") for key in unknown],
        )


def _judge_of(judge: Judge, stock: _Stock, order: PanelOrder) -> PanelJudge:
    return PanelJudge(
        key=str(judge.pk),
        affiliation=judge.affiliation,
        recused=frozenset(str(contestant) for who, contestant in stock.reasons if who == judge.pk),
        available=judge.deleted_at is None and (order.judges is None or judge.pk in order.judges),
    )


def _panel_of(category: Category, stock: _Stock, order: PanelOrder) -> Panel:
    there = stock.seats.get(category.pk, [])
    marking = frozenset(str(seat.judge_id) for seat in there if marks(seat))
    return Panel(
        key=str(category.pk),
        seats=max(0, order.size_of(category) - len(marking)),
        entrants=tuple(Entrant(str(one.pk), one.affiliation) for one in stock.entrants.get(category.pk, [])),
        marking=marking,
        reserves=frozenset(str(seat.judge_id) for seat in there if not marks(seat)),
    )


def _planned(found: Allocation, stock: _Stock) -> Iterable[PlannedSeat]:
    """The seats under the first free names: J1, J2, …"""
    contestants = {str(one.pk): one for there in stock.entrants.values() for one in there}
    missed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for meeting in found.recusals:
        missed[meeting.panel, meeting.judge].append(meeting.contestant)
    for category in stock.categories.values():
        taken = {seat.seat for seat in stock.seats.get(category.pk, [])}
        free = (name for number in range(1, 10_000) if (name := f"J{number}") not in taken)
        for key in found.seats[str(category.pk)]:
            judge = stock.judges[UUID(key)]
            met = sorted((contestants[one] for one in missed[str(category.pk), key]), key=lambda one: one.number)
            recusals = (PlannedRecusal(one, stock.reasons.get((judge.pk, one.pk), AFFILIATED)) for one in met)
            yield PlannedSeat(category, judge, next(free), tuple(recusals))


def _in_words(error: NotEnoughJudges, stock: _Stock) -> NotEnoughJudges:
    """The same error, which names categories as people know them."""
    names = {f"#/panels/{key}": category.name for key, category in stock.categories.items()}
    faults = [
        FieldError(fault.pointer, fault.code, f"{names[fault.pointer]}: {fault.detail}") for fault in error.errors
    ]
    return NotEnoughJudges(error.detail, errors=faults)
