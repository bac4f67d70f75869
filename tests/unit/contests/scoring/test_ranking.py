from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.scoring.marks import EntryStatus
from apps.contests.scoring.ranking import Contender, Placing, rank
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from tests.unit.contests.scoring.sheets import numbers

TECHNICAL = TieBreaker(TieBreakerKind.TECHNICAL_POINTS)
COMPONENTS = TieBreaker(TieBreakerKind.COMPONENT_TOTAL)
HEAD_TO_HEAD = TieBreaker(TieBreakerKind.HEAD_TO_HEAD)
HIGHER_MEDIAN = TieBreaker(TieBreakerKind.HIGHER_MEDIAN)
STATUSES = [status for status in EntryStatus if status is not EntryStatus.ENTERED]


def contender(
    key: str,
    total: str | None,
    *,
    status: EntryStatus = EntryStatus.ENTERED,
    technical: str | None = None,
    components: str | None = None,
    ballots: str = "",
) -> Contender:
    return Contender(
        key,
        status,
        None if total is None else (Decimal(total),),
        {
            TECHNICAL: None if technical is None else Decimal(technical),
            COMPONENTS: None if components is None else Decimal(components),
        },
        tuple(None if word == "-" else Decimal(word) for word in ballots.split()),
    )


def places(placings: tuple[Placing, ...]) -> list[tuple[str, int | None]]:
    return [(placing.key, placing.place) for placing in placings]


def test_places_are_1_2_2_4() -> None:
    placings = rank([contender("a", "7"), contender("b", "8"), contender("c", "9"), contender("d", "8")])
    assert places(placings) == [("c", 1), ("b", 2), ("d", 2), ("a", 4)]
    assert [placing.shared for placing in placings] == [False, True, True, False]


def test_totals_that_differ_in_trailing_zeros_only_are_tied() -> None:
    assert places(rank([contender("a", "8.0"), contender("b", "8.00")])) == [("a", 1), ("b", 1)]


def test_a_tie_breaker_parts_a_tie_and_says_so() -> None:
    placings = rank(
        [
            contender("a", "66.90", technical="34.66"),
            contender("b", "66.90", technical="35.01"),
            contender("c", "70.00", technical="1"),
        ],
        [TECHNICAL],
    )
    assert places(placings) == [("c", 1), ("b", 2), ("a", 3)]
    assert [placing.decided_by for placing in placings] == [(), ("technical_points",), ("technical_points",)]


def test_the_next_tie_breaker_decides_only_among_those_still_tied() -> None:
    placings = rank(
        [
            contender("a", "50", technical="20", components="10"),
            contender("b", "50", technical="20", components="11"),
            contender("c", "50", technical="21", components="1"),
        ],
        [TECHNICAL, COMPONENTS],
    )
    assert places(placings) == [("c", 1), ("b", 2), ("a", 3)]
    assert [placing.decided_by for placing in placings] == [
        ("technical_points",),
        ("technical_points", "component_total"),
        ("technical_points", "component_total"),
    ]


def test_what_no_tie_breaker_parts_shares_the_place() -> None:
    placings = rank([contender("a", "50", technical="20"), contender("b", "50", technical="20.0")], [TECHNICAL])
    assert [(placing.place, placing.shared, placing.decided_by) for placing in placings] == [(1, True, ())] * 2


def test_a_missing_tie_value_is_behind_a_zero_and_two_missing_ones_are_tied() -> None:
    placings = rank([contender("a", "5"), contender("b", "5", technical="0"), contender("c", "5")], [TECHNICAL])
    assert places(placings) == [("b", 1), ("a", 2), ("c", 2)]


def test_head_to_head_goes_to_whom_more_judges_prefer() -> None:
    tied = [contender("a", "8", ballots="9 9 6"), contender("b", "8", ballots="8 8 8")]
    placings = rank(tied, [HEAD_TO_HEAD])
    assert places(placings) == [("a", 1), ("b", 2)]
    assert placings[0].decided_by == ("head_to_head",)


def test_head_to_head_counts_judges_who_marked_both_only() -> None:
    tied = [contender("a", "8", ballots="9 9 - -"), contender("b", "8", ballots="- 8 9 9")]
    assert places(rank(tied, [HEAD_TO_HEAD])) == [("a", 1), ("b", 2)]


def test_head_to_head_in_a_circle_parts_nobody() -> None:
    circle = [
        contender("a", "8", ballots="3 1 2"),
        contender("b", "8", ballots="2 3 1"),
        contender("c", "8", ballots="1 2 3"),
    ]
    assert [placing.place for placing in rank(circle, [HEAD_TO_HEAD])] == [1, 1, 1]


def test_in_head_to_head_a_draw_is_worth_half_a_victory() -> None:
    """a beats c and draws with b (3 points); b draws twice (2); c draws with b (1)."""
    tied = [
        contender("a", "8", ballots="3 2"),
        contender("b", "8", ballots="2 3"),
        contender("c", "8", ballots="3 1"),
    ]
    assert places(rank(tied, [HEAD_TO_HEAD])) == [("a", 1), ("b", 2), ("c", 3)]


def test_head_to_head_counts_victories_and_not_their_margins() -> None:
    """a beats b and c by one judge each; b loses to a but beats c by three, which is one victory all the same."""
    tied = [
        contender("a", "8", ballots="3 3 1"),
        contender("b", "8", ballots="2 2 3"),
        contender("c", "8", ballots="1 1 2"),
    ]
    assert places(rank(tied, [HEAD_TO_HEAD])) == [("a", 1), ("b", 2), ("c", 3)]


def test_head_to_head_looks_at_those_tied_only() -> None:
    """a and b draw with each other; only a would beat x, who is not tied with them."""
    field = [
        contender("x", "9", ballots="5 5"),
        contender("a", "8", ballots="6 6"),
        contender("b", "8", ballots="7 4"),
    ]
    assert places(rank(field, [HEAD_TO_HEAD])) == [("x", 1), ("a", 2), ("b", 2)]


def test_the_higher_median_is_ahead() -> None:
    tied = [contender("a", "8", ballots="6 8 10"), contender("b", "8", ballots="7 - 10")]
    assert places(rank(tied, [HIGHER_MEDIAN])) == [("b", 1), ("a", 2)]


def test_no_ballot_at_all_has_the_lowest_median() -> None:
    tied = [contender("a", "8", ballots="- -"), contender("b", "8", ballots="- 0")]
    assert places(rank(tied, [HIGHER_MEDIAN])) == [("b", 1), ("a", 2)]


@pytest.mark.parametrize("status", STATUSES)
def test_who_does_not_compete_has_no_place_and_shifts_nobody(status: EntryStatus) -> None:
    placings = rank([contender("gone", "99", status=status), contender("a", "7"), contender("b", "8")])
    assert places(placings) == [("b", 1), ("a", 2), ("gone", None)]


def test_a_missing_total_is_last_of_those_who_compete() -> None:
    placings = rank(
        [
            contender("disqualified", "9", status=EntryStatus.DISQUALIFIED),
            contender("withdrawn", "9", status=EntryStatus.WITHDRAWN),
            contender("no_show", None, status=EntryStatus.NO_SHOW),
            contender("missing", None),
            contender("zero", "0"),
            contender("negative", "-3"),
        ]
    )
    assert places(placings) == [
        ("zero", 1),
        ("negative", 2),
        ("missing", None),
        ("no_show", None),
        ("withdrawn", None),
        ("disqualified", None),
    ]


def test_merits_are_compared_item_by_item() -> None:
    field = [
        Contender("one", EntryStatus.ENTERED, tuple(numbers("1 99"))),
        Contender("two", EntryStatus.ENTERED, tuple(numbers("2 1"))),
    ]
    assert places(rank(field)) == [("two", 1), ("one", 2)]


small = st.integers(0, 3).map(Decimal)
contenders = st.lists(
    st.tuples(
        st.one_of(st.none(), st.tuples(small)),
        st.sampled_from([EntryStatus.ENTERED] * 3 + STATUSES),
        st.one_of(st.none(), small),
        st.tuples(*[st.one_of(st.none(), small)] * 3),
    ),
    max_size=8,
).map(
    lambda rows: [
        Contender(f"c{number}", status, merit, {TECHNICAL: value}, ballots)
        for number, (merit, status, value, ballots) in enumerate(rows)
    ]
)
tie_breaker_lists = st.permutations([TECHNICAL, HEAD_TO_HEAD, HIGHER_MEDIAN])


@given(contenders, st.randoms(use_true_random=False), tie_breaker_lists)
def test_the_order_in_which_contenders_are_given_changes_no_place(
    field: list[Contender], random: object, tie_breakers: list[TieBreaker]
) -> None:
    shuffled = list(field)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {placing.key: placing for placing in rank(field, tie_breakers)} == {
        placing.key: placing for placing in rank(shuffled, tie_breakers)
    }


@given(contenders)
def test_a_place_is_one_more_than_the_number_of_those_ahead(field: list[Contender]) -> None:
    competing = [one for one in field if one.ranked and one.merit is not None]
    merits = {one.key: one.merit for one in competing if one.merit is not None}
    expected = {key: 1 + sum(other > merit for other in merits.values()) for key, merit in merits.items()}
    assert {placing.key: placing.place for placing in rank(field) if placing.place is not None} == expected


@given(contenders, tie_breaker_lists)
def test_whoever_does_not_compete_can_be_taken_out_without_a_change(
    field: list[Contender], tie_breakers: list[TieBreaker]
) -> None:
    competing = [one for one in field if one.status is EntryStatus.ENTERED]
    everyone = rank(field, tie_breakers)
    assert rank(competing, tie_breakers) == tuple(
        placing for placing in everyone if placing.status is EntryStatus.ENTERED
    )


@given(contenders, tie_breaker_lists)
def test_tie_breakers_never_reorder_those_who_are_not_tied(
    field: list[Contender], tie_breakers: list[TieBreaker]
) -> None:
    place = {placing.key: placing.place for placing in rank(field, tie_breakers)}
    for one in field:
        for other in field:
            if one.ranked and other.ranked and (one.merit or ()) > (other.merit or ()):
                assert (place[one.key] or 0) < (place[other.key] or 0)
