"""Whether judges compare all contestants with each other, and swaps of seats that make it so.

A judge and a contestant are connected where the one marks the other. Contestants in different parts of that graph
were never seen by the same eyes, nor by a chain of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from apps.contests.scoring.allocation import Allocation, Meeting, Panel, PanelJudge, Seating, seat_judges

TRIES = 2000
"""How many swaps are looked at, the least harmful first, before contestants stay apart."""


@dataclass(frozen=True, slots=True)
class _Change:
    """On this panel, `leaves` gives the seat to `comes`."""

    panel: str
    leaves: str
    comes: str


@dataclass(slots=True)
class Union:
    """Sets that grow together (Tarjan, 1975): union by size, paths halved."""

    parent: dict[str, str] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)

    def find(self, key: str) -> str:
        """The one that stands for the set of `key`."""
        self.size.setdefault(key, 1)
        self.parent.setdefault(key, key)
        while self.parent[key] != key:
            self.parent[key] = key = self.parent[self.parent[key]]
        return key

    def join(self, one: str, other: str) -> None:
        """Make the sets of both one set."""
        small, large = sorted((self.find(one), self.find(other)), key=lambda root: self.size[root])
        if small != large:
            self.parent[small] = large
            self.size[large] += self.size[small]


def allocate(
    judges: Sequence[PanelJudge], panels: Sequence[Panel], *, seed: str, maximum_load: int | None = None
) -> Allocation:
    """Fill the panels as `seat_judges` does, connected where swaps can do it without another recusal or overload.

    Raises:
        NotEnoughJudges: some panel can't be filled.
    """
    seating = seat_judges(judges, panels, seed=seed, maximum_load=maximum_load)
    _connect(seating)
    seats = {panel.key: tuple(key for key in seating.judges if key in seating.new[panel.key]) for panel in panels}
    recusals = [
        Meeting(panel, judge, contestant)
        for panel, seated in seats.items()
        for judge in seated
        for contestant in seating.meetings[panel, judge]
    ]
    loads = {judge.key: seating.loads[judge.key] for judge in judges}
    return Allocation(seed, seats, tuple(recusals), loads, _count(seating, _graph(seating)))


def _connect(seating: Seating) -> None:
    tries = TRIES
    graph = _graph(seating)
    while (parts := _count(seating, graph)) > 1:
        for swap in sorted(_swaps(seating, graph), key=lambda one: _harm(seating, one)):
            if not tries:
                return
            tries -= 1
            _make(seating, swap)
            after = _graph(seating)
            if _count(seating, after) < parts:
                graph = after
                break
            _make(seating, [_Change(one.panel, one.comes, one.leaves) for one in swap])
        else:
            return


def _graph(seating: Seating) -> Union:
    graph = Union()
    for panel in seating.panels.values():
        keys = [_contestant(one.key) for one in panel.entrants]
        for judge in seating.marking(panel.key):
            missed = {_contestant(key) for key in seating.meetings[panel.key, judge]}
            for key in keys:
                if key not in missed:
                    graph.join(_judge(judge), key)
    return graph


def _count(seating: Seating, graph: Union) -> int:
    """Into how many parts the contestants fall; one whom nobody marks is a part."""
    return len({root for panel in seating.panels for root in _roots(seating, graph, panel)})


def _roots(seating: Seating, graph: Union, panel: str) -> set[str]:
    return {graph.find(_contestant(one.key)) for one in seating.panels[panel].entrants}


def _swaps(seating: Seating, graph: Union) -> Iterator[Sequence[_Change]]:
    """What could connect parts: somebody else on a seat, two who change seats, or one who takes all of another's.

    None of them brings more recusals or more load than allowed.
    """
    roots = {panel: _roots(seating, graph, panel) for panel in seating.panels}

    def joins(change: _Change) -> bool:
        return len(roots[change.panel] | {graph.find(_judge(change.comes))}) > 1

    seats = [(panel, judge) for panel in seating.panels for judge in seating.judges if judge in seating.new[panel]]
    single = [
        [_Change(panel, leaves, comes)]
        for panel, leaves in seats
        for comes in seating.judges
        if seating.takes(panel, comes)
    ]
    exchanges = [
        [_Change(here, one, other), _Change(there, other, one)]
        for (here, one), (there, other) in combinations(seats, 2)
        if here != there and seating.takes(here, other) and seating.takes(there, one)
    ]
    takeovers = [
        [_Change(panel, leaves, comes) for panel, seated in seats if seated == leaves]
        for leaves in dict.fromkeys(judge for _, judge in seats)
        for comes in seating.judges
        if all(seating.takes(panel, comes) for panel, seated in seats if seated == leaves)
    ]
    for swap in (*single, *exchanges, *takeovers):
        if any(map(joins, swap)) and _recusals(seating, swap) <= 0 and _is_bearable(seating, swap):
            yield swap


def _make(seating: Seating, swap: Sequence[_Change]) -> None:
    for change in swap:
        seating.take(change.panel, change.leaves)
        seating.put(change.panel, change.comes)


def _is_bearable(seating: Seating, swap: Sequence[_Change]) -> bool:
    return all(
        seating.loads[key] + more <= max(seating.most, seating.loads[key]) for key, more in _loads(swap).items()
    )


def _harm(seating: Seating, swap: Sequence[_Change]) -> tuple[int, int]:
    """By how much the recusals, and the squares of the loads, grow."""
    loads = _loads(swap).items()
    return _recusals(seating, swap), sum(
        (seating.loads[key] + more) ** 2 - seating.loads[key] ** 2 for key, more in loads
    )


def _recusals(seating: Seating, swap: Sequence[_Change]) -> int:
    return sum(
        len(seating.meetings[one.panel, one.comes]) - len(seating.meetings[one.panel, one.leaves]) for one in swap
    )


def _loads(swap: Sequence[_Change]) -> dict[str, int]:
    more: dict[str, int] = {}
    for change in swap:
        more[change.comes] = more.get(change.comes, 0) + 1
        more[change.leaves] = more.get(change.leaves, 0) - 1
    return more


def _judge(key: str) -> str:
    return f"judge {key}"


def _contestant(key: str) -> str:
    return f"contestant {key}"
