"""Draws that anyone can repeat."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from apps.contests.scoring.draw import draw_order

KEYS = st.lists(st.uuids().map(str), unique=True, max_size=30)


def test_a_seed_gives_one_order_for_good() -> None:
    """Written down, so that no later version of Podium or Python may draw otherwise."""
    assert draw_order("Helsinki 2026", ["ann", "bob", "cid", "dan", "eve"]) == ["ann", "cid", "bob", "dan", "eve"]


@given(st.text(max_size=20), KEYS, st.randoms(use_true_random=False))
def test_the_order_of_the_participants_does_not_matter(seed: str, keys: list[str], random: object) -> None:
    shuffled = list(keys)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert draw_order(seed, shuffled) == draw_order(seed, keys)
    assert sorted(draw_order(seed, keys)) == sorted(keys)


@given(st.text(max_size=20), KEYS)
def test_the_documented_line_of_python_repeats_it(seed: str, keys: list[str]) -> None:
    line = sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).hexdigest())

    assert draw_order(seed, keys) == line


@given(st.text(max_size=20), KEYS.filter(lambda keys: len(keys) > 1))
def test_who_leaves_does_not_move_the_others(seed: str, keys: list[str]) -> None:
    gone = keys[0]

    assert draw_order(seed, keys[1:]) == [key for key in draw_order(seed, keys) if key != gone]


def test_everybody_is_first_about_as_often() -> None:
    firsts = [draw_order(str(seed), ["a", "b", "c", "d"])[0] for seed in range(4000)]

    assert all(900 < firsts.count(key) < 1100 for key in "abcd")
