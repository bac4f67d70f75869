"""Who sits on which panel, decided by a seed that is recorded.

In the order of what matters: every seat is filled; as few judges as possible meet a contestant of their own club
(each such meeting is a recusal of the plan); everybody's load is as even as it gets; and where swaps that cost no
recusal can do it, the graph of judges and contestants is connected (`connection`), since places of contestants whom
no chain of judges compares say nothing.

The first three are one minimum-cost flow from panels to judges, by successive shortest paths (Ahuja, Magnanti, Orlin,
Network Flows, 1993, section 9.7): a meeting costs more than all loads together, and the n-th seat of a judge 2n - 1,
so that the sum of the squares of the loads is least. Ties fall by the seed: judges are asked, and panels filled, in
the order in which `draw_order` puts their keys. The same input gives the same plan, in whatever order it comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.contests.scoring.draw import draw_order
from apps.contests.scoring.errors import NotEnoughJudges
from apps.core.errors import FieldError


@dataclass(frozen=True, slots=True)
class PanelJudge:
    """Somebody who sits on panels, or could if `available`. `recused`: contestants whom they can't mark anyway."""

    key: str
    affiliation: str = ""
    recused: frozenset[str] = frozenset()
    available: bool = True


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contestant who competes."""

    key: str
    affiliation: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A category: how many seats are to be filled, who competes, who marks there already, and who only waits."""

    key: str
    seats: int
    entrants: tuple[Entrant, ...] = ()
    marking: frozenset[str] = frozenset()
    reserves: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Meeting:
    """A judge on a panel, and a contestant there whom they don't mark."""

    panel: str
    judge: str
    contestant: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """New judges by panel in the order of their seats, the recusals that they bring, everybody's load with the seats
    that they had, and into how many parts without a judge in common the contestants fall (one: connected)."""

    seed: str
    seats: Mapping[str, tuple[str, ...]]
    recusals: tuple[Meeting, ...]
    loads: Mapping[str, int]
    parts: int

    @property
    def connected(self) -> bool:
        """Whether a chain of judges leads from every contestant to every other."""
        return self.parts <= 1


def club_of(affiliation: str) -> str:
    """The club, country or company, however it is written; empty where there is none."""
    return affiliation.strip().casefold()


def same_club(one: str, other: str) -> bool:
    """Whether both name the same one."""
    return bool(club_of(one)) and club_of(one) == club_of(other)


@dataclass(slots=True)
class Seating:
    """Panels while they are filled: `new` are the judges who were put there, and can be moved."""

    panels: Mapping[str, Panel]
    judges: Mapping[str, PanelJudge]
    most: int
    new: dict[str, set[str]] = field(init=False)
    loads: dict[str, int] = field(init=False)
    meetings: dict[tuple[str, str], tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.new = {key: set() for key in self.panels}
        self.loads = {key: sum(key in panel.marking for panel in self.panels.values()) for key in self.judges}
        self.meetings = {
            (panel.key, judge.key): tuple(one.key for one in panel.entrants if _meet(judge, one))
            for panel in self.panels.values()
            for judge in self.judges.values()
        }

    def takes(self, panel: str, judge: str) -> bool:
        """Whether the judge could be put there, as far as the panel is concerned."""
        there = self.panels[panel]
        sits = judge in self.new[panel] or judge in there.marking or judge in there.reserves
        return self.judges[judge].available and not sits

    def put(self, panel: str, judge: str) -> None:
        """Seat a judge."""
        self.new[panel].add(judge)
        self.loads[judge] += 1

    def take(self, panel: str, judge: str) -> None:
        """Take a judge away from a new seat."""
        self.new[panel].remove(judge)
        self.loads[judge] -= 1

    def marking(self, panel: str) -> Collection[str]:
        """Everybody who marks there."""
        return self.new[panel] | self.panels[panel].marking


def seat_judges(
    judges: Sequence[PanelJudge], panels: Sequence[Panel], *, seed: str, maximum_load: int | None = None
) -> Seating:
    """Fill every panel with the fewest meetings, then the most even loads.

    Args:
        judges: everybody who is named in `panels`, and who is to be chosen from.
        maximum_load: the seats that a judge marks from at most, with those they have.

    Raises:
        NotEnoughJudges: some panel can't be filled, however the judges are spread; each is named.
    """
    by_key = {judge.key: judge for judge in judges}
    panel_of = {panel.key: panel for panel in panels}
    seating = Seating(
        {key: panel_of[key] for key in draw_order(seed, panel_of)},
        {key: by_key[key] for key in draw_order(seed, by_key)},
        len(panels) if maximum_load is None else maximum_load,
    )
    weight = 1 + len(judges) * (len(panels) + 1) ** 2  # more than the squares of all loads
    lacking = {
        panel.key: sum(not _fill(seating, panel.key, weight) for _ in range(panel.seats))
        for panel in seating.panels.values()
    }
    if any(lacking.values()):
        raise NotEnoughJudges(
            "There are not enough judges for these panels.",
            errors=[
                FieldError(
                    f"#/panels/{key}",
                    NotEnoughJudges.code,
                    f"This panel lacks {count} judge{'' if count == 1 else 's'}.",
                )
                for key, count in lacking.items()
                if count
            ],
        )
    return seating


def _meet(judge: PanelJudge, entrant: Entrant) -> bool:
    return entrant.key in judge.recused or same_club(judge.affiliation, entrant.affiliation)


def _fill(seating: Seating, panel: str, weight: int) -> bool:
    """Fill one seat of the panel along the cheapest path, on which others may change places; whether there is one."""
    costs, comes_to, leaves = _paths(seating, panel, weight)
    ends = {
        key: cost + 2 * seating.loads[key] + 1 for key, cost in costs.items() if seating.loads[key] < seating.most
    }
    if not ends:
        return False
    judge: str | None = min(ends, key=lambda key: ends[key])
    while judge is not None:
        there = comes_to[judge]
        before = leaves.get(there)
        if before is not None:
            seating.take(there, before)
        seating.put(there, judge)
        judge = before
    return True


def _paths(seating: Seating, start: str, weight: int) -> tuple[dict[str, int], dict[str, str], dict[str, str]]:
    """The cheapest way to each judge (Bellman and Ford, with a queue): what it costs, which panel the judge comes to,
    and who leaves that for it."""
    cost_of_panel, costs = {start: 0}, dict[str, int]()
    comes_to, leaves = dict[str, str](), dict[str, str]()
    queue = deque([start])
    while queue:
        panel = queue.popleft()
        for judge in seating.judges:
            if not seating.takes(panel, judge):
                continue
            cost = cost_of_panel[panel] + weight * len(seating.meetings[panel, judge])
            if judge in costs and costs[judge] <= cost:
                continue
            costs[judge], comes_to[judge] = cost, panel
            for other in _new_seats(seating, judge):
                freed = cost - weight * len(seating.meetings[other, judge])
                if other not in cost_of_panel or freed < cost_of_panel[other]:
                    cost_of_panel[other], leaves[other] = freed, judge
                    queue.append(other)
    return costs, comes_to, leaves


def _new_seats(seating: Seating, judge: str) -> Iterator[str]:
    return (panel for panel, there in seating.new.items() if judge in there)
