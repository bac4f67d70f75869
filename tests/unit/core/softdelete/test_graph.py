"""The cascade graph, as plain data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.softdelete.graph import CascadeCycle, Graph, Key, Node, Rule


def key(child: str, parent: str, rule: Rule = Rule.CASCADE, column: str = "") -> Key:
    return Key(child, child, parent, parent, column or f"{parent}_id", rule)


def graph(*keys: Key, more: tuple[str, ...] = ()) -> Graph:
    labels = {label for one in keys for label in (one.child, one.parent)} | set(more)
    return Graph((Node(label, label) for label in labels), keys)


def labels(nodes: tuple[Node, ...]) -> list[str]:
    return [node.label for node in nodes]


DIAMOND = graph(
    key("contest", "event"),
    key("entry", "contest"),
    key("assignment", "contest"),
    key("assignment", "judge"),
    key("score", "entry"),
    key("score", "assignment"),
)


def test_parents_come_before_children_and_ties_go_by_name() -> None:
    assert DIAMOND.order == ("event", "contest", "entry", "judge", "assignment", "score")


def test_the_order_does_not_depend_on_how_the_models_were_found() -> None:
    assert graph(*reversed(DIAMOND.keys)).order == DIAMOND.order


def test_a_delete_reaches_what_cascades_from_it_and_no_more() -> None:
    assert labels(DIAMOND.below("judge")) == ["judge", "assignment", "score"]
    assert labels(DIAMOND.below("event")) == ["event", "contest", "entry", "assignment", "score"]
    assert labels(DIAMOND.below("score")) == ["score"]


def test_only_the_keys_from_models_that_are_reached_count() -> None:
    keys = DIAMOND.cascades("score", DIAMOND.below("judge"))

    assert [one.parent for one in keys] == ["assignment"]


@pytest.mark.parametrize("rule", [Rule.PROTECT, Rule.RESTRICT, Rule.SET_NULL, Rule.KEEP])
def test_other_rules_do_not_cascade(rule: Rule) -> None:
    found = graph(key("ticket", "park", rule))

    assert labels(found.below("park")) == ["park"]
    assert [one.child for one in found.referring("park", rule)] == ["ticket"]


@pytest.mark.parametrize(("rule", "binds"), [(Rule.PROTECT, True), (Rule.RESTRICT, True), (Rule.SET_NULL, False)])
def test_a_purge_takes_along_what_can_not_be_without_it(rule: Rule, binds: bool) -> None:
    found = graph(key("ticket", "park", rule), key("stub", "ticket"))

    assert labels(found.hard_below("park")) == (["park", "ticket", "stub"] if binds else ["park"])


def test_a_model_may_refer_to_itself() -> None:
    found = graph(key("animal", "animal", column="mother_id"), key("animal", "park"))

    assert found.order == ("park", "animal")
    assert [one.is_own for one in found.parents("animal")] == [True, False]


def test_keys_from_models_without_soft_delete_are_known_and_never_reached() -> None:
    found = Graph([Node("park", "park")], [key("camera", "park")])

    assert labels(found.below("park")) == ["park"]
    assert [one.child for one in found.referring("park", Rule.CASCADE)] == ["camera"]


def test_a_cycle_over_several_models_is_refused_by_name() -> None:
    with pytest.raises(CascadeCycle, match="over a, b, c") as refusal:
        graph(key("a", "b"), key("b", "c"), key("c", "a"), more=("d",))

    assert refusal.value.labels == ["a", "b", "c"]


def test_a_cycle_that_a_link_breaks_is_none() -> None:
    assert graph(key("a", "b"), key("b", "a", Rule.SET_NULL)).order == ("b", "a")


def test_links_of_a_child_are_in_the_order_of_locks() -> None:
    found = graph(
        key("score", "zebra"),
        key("zebra", "assignment"),
        key("score", "assignment"),
        key("score", "judge", Rule.SET_NULL),
    )

    assert [one.parent for one in found.links("score")] == ["assignment", "judge", "zebra"]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_every_key_of_any_graph_without_cycles_leads_down_the_order(pairs: list[tuple[int, int]]) -> None:
    keys = [key(f"m{max(pair):02}", f"m{min(pair):02}", column=f"c{n}") for n, pair in enumerate(pairs)]
    found = graph(*keys, more=tuple(f"m{n:02}" for n in range(13)))

    place = {label: number for number, label in enumerate(found.order)}
    assert all(one.is_own or place[one.parent] < place[one.child] for one in keys)
    for root in found.order:
        reached = set(labels(found.below(root)))
        assert all(one.child in reached for one in keys if one.parent in reached)
