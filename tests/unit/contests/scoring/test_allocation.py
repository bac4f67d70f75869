from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.contests.scoring.allocation import Allocation, Entrant, Meeting, Panel, PanelJudge, same_club, seat_judges
from apps.contests.scoring.connection import allocate
from apps.contests.scoring.errors import NotEnoughJudges

CLUBS = ("", "Espoo", "Turku ", "turku", "Oulu")


def _judges(clubs: str) -> list[PanelJudge]:
    """One judge a word, of that club; `-` is of none."""
    return [PanelJudge(f"j{place}", club.strip("-")) for place, club in enumerate(clubs.split(), start=1)]


def _panel(key: str, seats: int, clubs: str, **more: frozenset[str]) -> Panel:
    entrants = tuple(Entrant(f"{key}{place}", club.strip("-")) for place, club in enumerate(clubs.split(), start=1))
    return Panel(key, seats, entrants, **more)


@st.composite
def panels_and_judges(
    draw: st.DrawFn, clubs: tuple[str, ...] = CLUBS, most_judges: int = 4, *, seated: bool = True
) -> tuple[list[PanelJudge], list[Panel]]:
    """Few enough that every allocation can be tried."""
    keys = [f"j{number}" for number in range(draw(st.integers(1, most_judges)))]
    contestants = [Entrant(f"c{number}", draw(st.sampled_from(clubs))) for number in range(draw(st.integers(0, 5)))]
    judges = [PanelJudge(key, draw(st.sampled_from(clubs))) for key in keys]
    panels = [
        Panel(
            f"p{number}",
            draw(st.integers(0, 2)),
            tuple(draw(st.lists(st.sampled_from(contestants), unique=True))) if contestants else (),
            frozenset(draw(st.lists(st.sampled_from(keys), max_size=1))) if seated else frozenset(),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    return judges, panels


@settings(max_examples=60)
@given(given_=panels_and_judges(), most=st.integers(1, 3), seed=st.text(max_size=3))
def test_of_all_allocations_there_is_none_with_fewer_recusals_or_more_even_loads(
    given_: tuple[list[PanelJudge], list[Panel]], most: int, seed: str
) -> None:
    judges, panels = given_
    every = list(_every_allocation(judges, panels, most))
    if not every:
        with pytest.raises(NotEnoughJudges):
            allocate(judges, panels, seed=seed, maximum_load=most)
        return
    filled = seat_judges(judges, panels, seed=seed, maximum_load=most).new
    found = allocate(judges, panels, seed=seed, maximum_load=most)

    assert _worth(judges, panels, filled) == min(_worth(judges, panels, one) for one in every)
    assert _worth(judges, panels, found.seats)[0] == min(_worth(judges, panels, one)[0] for one in every)
    assert {key: set(seated) for key, seated in found.seats.items()} in every


@given(given_=panels_and_judges(most_judges=6), seed=st.text(max_size=3), data=st.data())
def test_the_order_of_what_is_given_makes_no_difference(
    given_: tuple[list[PanelJudge], list[Panel]], seed: str, data: st.DataObject
) -> None:
    judges, panels = given_
    plan = _plan(judges, panels, seed)
    other = _plan(data.draw(st.permutations(judges)), data.draw(st.permutations(panels)), seed)

    assert (plan and (plan.seats, set(plan.recusals), plan.loads, plan.parts)) == (
        other and (other.seats, set(other.recusals), other.loads, other.parts)
    )


@given(given_=panels_and_judges(most_judges=6), seed=st.text(max_size=3))
def test_a_plan_names_every_meeting_and_counts_loads_and_parts(
    given_: tuple[list[PanelJudge], list[Panel]], seed: str
) -> None:
    judges, panels = given_
    plan = _plan(judges, panels, seed)
    if plan is None:
        return
    marking = {panel.key: {*plan.seats[panel.key], *panel.marking} for panel in panels}
    by_key = {judge.key: judge for judge in judges}

    assert set(plan.recusals) == {
        Meeting(panel.key, judge, one.key)
        for panel in panels
        for judge in plan.seats[panel.key]
        for one in panel.entrants
        if same_club(by_key[judge].affiliation, one.affiliation)
    }
    assert plan.loads == {key: sum(key in seated for seated in marking.values()) for key in by_key}
    assert plan.parts == _parts_by_walking(by_key, panels, marking)


@given(given_=panels_and_judges(clubs=("",), most_judges=6, seated=False), seed=st.text(max_size=3))
def test_without_conflicts_and_limits_panels_that_judges_can_connect_are_connected(
    given_: tuple[list[PanelJudge], list[Panel]], seed: str
) -> None:
    judges, panels = given_
    plan = _plan(judges, [panel for panel in panels if panel.seats], seed)

    assert plan is None or plan.connected


@given(judges=st.integers(1, 12), seats=st.lists(st.integers(0, 4), min_size=1, max_size=6), seed=st.text(max_size=3))
def test_without_conflicts_nobody_sits_twice_more_than_somebody_else(
    judges: int, seats: list[int], seed: str
) -> None:
    everybody = [PanelJudge(f"j{number}") for number in range(judges)]
    panels = [Panel(f"p{number}", wanted) for number, wanted in enumerate(seats)]
    plan = _plan(everybody, panels, seed)

    if plan is None:
        assert max(seats) > judges
    else:
        assert max(plan.loads.values()) - min(plan.loads.values()) <= 1


def test_somebody_else_changes_places_so_that_nobody_meets_their_own_club() -> None:
    """Only j2 can mark both; the seat that is filled last must not find them taken."""
    panels = [_panel("a", 1, "Espoo"), _panel("b", 1, "Turku Espoo")]
    for seed in "1234567890":
        plan = allocate(_judges("Turku -"), panels, seed=seed, maximum_load=1)
        assert plan.seats == {"a": ("j1",), "b": ("j2",)}
        assert plan.recusals == ()


def test_who_has_to_meet_their_own_club_is_named() -> None:
    plan = allocate(_judges("Espoo Espoo Turku"), [_panel("a", 2, "espoo - Oulu")], seed="1")

    assert {(meeting.panel, meeting.contestant) for meeting in plan.recusals} == {("a", "a1")}
    assert len(plan.recusals) == 1
    assert "j3" in plan.seats["a"]


def test_whom_a_judge_is_recused_from_counts_like_their_own_club() -> None:
    judges = [PanelJudge("coach", recused=frozenset({"a1"})), PanelJudge("other")]

    assert [allocate(judges, [_panel("a", 1, "-")], seed=seed).seats["a"] for seed in "123456"] == [("other",)] * 6


def test_who_waits_or_marks_already_is_not_seated_again() -> None:
    panel = _panel("a", 1, "-", marking=frozenset({"j1"}), reserves=frozenset({"j2"}))
    plan = allocate(_judges("- - -"), [panel], seed="1")

    assert (plan.seats, plan.loads) == ({"a": ("j3",)}, {"j1": 1, "j2": 0, "j3": 1})


def test_who_is_not_to_be_chosen_keeps_the_seat_and_gets_no_other() -> None:
    judges = [PanelJudge("old", available=False), PanelJudge("new")]
    panels = [_panel("a", 0, "-", marking=frozenset({"old"})), _panel("b", 1, "-")]
    plan = allocate(judges, panels, seed="1")

    assert (plan.seats, plan.parts) == ({"a": (), "b": ("new",)}, 2)


def test_groups_with_contestants_of_their_own_are_connected_by_a_judge_in_both() -> None:
    """Twelve judges would sit in one group each."""
    groups = [_panel("a", 3, "- - -"), _panel("b", 3, "- -"), _panel("c", 3, "- -")]
    plan = allocate(_judges("- " * 9), groups, seed="1", maximum_load=2)

    assert plan.connected
    assert sorted(plan.loads.values()) == [0, 0, 1, 1, 1, 1, 1, 2, 2]


def test_contestants_stay_apart_where_everybody_may_sit_only_once() -> None:
    plan = allocate(_judges("- -"), [_panel("a", 1, "-"), _panel("b", 1, "-")], seed="1", maximum_load=1)

    assert (plan.parts, plan.connected) == (2, False)


def test_every_panel_that_lacks_judges_is_named() -> None:
    with pytest.raises(NotEnoughJudges) as refused:
        allocate(_judges("- -"), [_panel("a", 3, "-"), _panel("b", 2, "-"), _panel("c", 4, "-")], seed="1")

    assert {(fault.pointer, fault.detail) for fault in refused.value.errors} == {
        ("#/panels/a", "This panel lacks 1 judge."),
        ("#/panels/c", "This panel lacks 2 judges."),
    }


def test_another_seed_gives_another_plan_and_the_same_seed_the_same() -> None:
    """Written down: a plan that was announced with its seed comes out again on every machine."""
    judges, panels = _judges("- - - - -"), [_panel("a", 2, "- -")]
    plans = [allocate(judges, panels, seed=seed).seats["a"] for seed in ("1", "2", "3", "1")]

    assert plans == [("j2", "j1"), ("j5", "j1"), ("j4", "j1"), ("j2", "j1")]


def _plan(judges: list[PanelJudge], panels: list[Panel], seed: str) -> Allocation | None:
    try:
        return allocate(judges, panels, seed=seed)
    except NotEnoughJudges:
        return None


def _every_allocation(judges: list[PanelJudge], panels: list[Panel], most: int) -> Iterator[Mapping[str, set[str]]]:
    """All ways to fill the panels within the load; those who have more seats already keep them."""
    choices = [
        combinations([one.key for one in judges if one.key not in panel.marking], panel.seats) for panel in panels
    ]
    for chosen in product(*choices):
        filled = {panel.key: set(seats) for panel, seats in zip(panels, chosen, strict=True)}
        new = {one.key: sum(one.key in seats for seats in filled.values()) for one in judges}
        if all(not count or count + _had(panels, key) <= most for key, count in new.items()):
            yield filled


def _had(panels: list[Panel], judge: str) -> int:
    return sum(judge in panel.marking for panel in panels)


def _worth(
    judges: list[PanelJudge], panels: list[Panel], filled: Mapping[str, set[str] | tuple[str, ...]]
) -> tuple[int, int]:
    """Meetings, and the sum of the squares of all loads."""
    meetings = sum(
        same_club(judge.affiliation, entrant.affiliation)
        for panel in panels
        for judge in judges
        if judge.key in filled[panel.key]
        for entrant in panel.entrants
    )
    loads = [sum(one.key in seats for seats in filled.values()) + _had(panels, one.key) for one in judges]
    return meetings, sum(load**2 for load in loads)


def _parts_by_walking(judges: Mapping[str, PanelJudge], panels: list[Panel], marking: Mapping[str, set[str]]) -> int:
    """Components with a contestant in them, by walking from each one."""
    seen_by: dict[str, set[str]] = {one.key: set() for panel in panels for one in panel.entrants}
    for panel in panels:
        for one in panel.entrants:
            clear = {key for key in marking[panel.key] if not same_club(judges[key].affiliation, one.affiliation)}
            seen_by[one.key] |= clear
    left, parts = set(seen_by), 0
    while left:
        parts += 1
        queue = deque([min(left)])
        while queue:
            here = queue.popleft()
            left.discard(here)
            queue.extend(one for one in list(left) if seen_by[one] & seen_by[here] and one not in queue)
    return parts
