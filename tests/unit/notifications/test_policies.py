"""Which types a pattern means."""

from __future__ import annotations

import pytest

from apps.notifications.policies import is_pattern, is_wanted


@pytest.mark.parametrize(
    ("pattern", "wanted", "unwanted"),
    [
        ("*", ["contest.locked", "dataset.version.created"], []),
        ("contest.locked", ["contest.locked"], ["contest.locked.twice", "acontest.locked", "contestXlocked"]),
        ("contest.*", ["contest.locked"], ["contest", "contests.locked", "event.contest.locked"]),
        ("dataset.*", ["dataset.version.created", "dataset.created"], []),
        ("*.deleted", ["contest.deleted", "a.b.deleted"], ["deleted", "contest.deleted.again"]),
        ("webhook_endpoint.*", ["webhook_endpoint.disabled"], ["webhookXendpoint.disabled"]),
    ],
)
def test_a_star_stands_for_any_part(pattern: str, wanted: list[str], unwanted: list[str]) -> None:
    assert is_pattern(pattern)
    assert [is_wanted(one, [pattern]) for one in wanted + unwanted] == [True] * len(wanted) + [False] * len(unwanted)


def test_one_of_several_patterns_is_enough_and_none_wants_nothing() -> None:
    assert is_wanted("contest.locked", ["event.*", "contest.locked"])
    assert not is_wanted("contest.locked", [])


@pytest.mark.parametrize(
    "text", ["", ".", "contest.", ".contest", "Contest.locked", "contest.**", "con*", "a b", "a\n"]
)
def test_what_is_no_pattern(text: str) -> None:
    assert not is_pattern(text)
