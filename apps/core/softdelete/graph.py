"""Which models a delete reaches, in which order: the cascade graph, as plain data.

Its nodes are soft-deleted models, its edges their foreign keys. It knows nothing of Django; `metadata` reads it off
the models.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """What a foreign key says about its child when the parent goes."""

    CASCADE = "cascade"
    PROTECT = "protect"
    RESTRICT = "restrict"
    SET_NULL = "set_null"
    KEEP = "keep"


HARD = frozenset({Rule.CASCADE, Rule.PROTECT, Rule.RESTRICT})


@dataclass(frozen=True, slots=True)
class Node:
    """A model by its label (`contests.score`), and its table."""

    label: str
    table: str


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key from the model `child` to `parent`, both by label. `child` need not be soft-deleted.

    A generic key has the column of its content type in `type_column`; `as_text` says that its `column` holds the
    parent's id as text. `stays` is an SQL condition on the child, called `{row}` in it: where it holds, the child
    outlives a deleted parent (`SoftDeletedModel.stays_when`).
    """

    child: str
    child_table: str
    parent: str
    field: str
    column: str
    rule: Rule
    type_column: str = ""
    as_text: bool = False
    stays: str = ""

    @property
    def is_own(self) -> bool:
        """Whether parent and child are of one model."""
        return self.child == self.parent


class CascadeCycle(ValueError):
    """Keys lead from a model over others back to itself: no order puts parents before children."""

    def __init__(self, labels: Iterable[str]) -> None:
        self.labels = sorted(labels)
        super().__init__(f"Foreign keys form a cycle over {', '.join(self.labels)}.")


class Graph:
    """The cascade graph. `order` lists all models, parents first; every lock is taken in that order.

    Args:
        nodes: the soft-deleted models.
        keys: foreign keys whose parent is one of them; a child that is none of them is not soft-deleted.

    Raises:
        CascadeCycle: through more than one model. A model may refer to itself.
    """

    def __init__(self, nodes: Iterable[Node], keys: Iterable[Key]) -> None:
        self.nodes = {node.label: node for node in nodes}
        self.keys = tuple(sorted(keys, key=lambda key: (key.child, key.column, key.parent)))
        self._of_child: dict[str, list[Key]] = defaultdict(list)
        self._of_parent: dict[str, list[Key]] = defaultdict(list)
        for key in self.keys:
            self._of_child[key.child].append(key)
            self._of_parent[key.parent].append(key)
        self.order = self._sorted()
        self._below: dict[tuple[str, bool], tuple[Node, ...]] = {}

    def _sorted(self) -> tuple[str, ...]:
        """Topological order, ties by label, so that every process has the same one.

        Keys that protect order their models too: a purge removes children first, whatever binds them.
        """
        waits_for = {
            label: {key.parent for key in self._of_child[label] if self._is_hard(key) and not key.is_own}
            for label in self.nodes
        }
        ready = [label for label, parents in waits_for.items() if not parents]
        heapq.heapify(ready)
        order: list[str] = []
        while ready:
            label = heapq.heappop(ready)
            order.append(label)
            for child in {key.child for key in self._of_parent[label] if self._is_hard(key) and not key.is_own}:
                waits_for[child].discard(label)
                if not waits_for[child]:
                    heapq.heappush(ready, child)
        if len(order) < len(self.nodes):
            raise CascadeCycle(set(self.nodes) - set(order))
        return tuple(order)

    def _is_hard(self, key: Key) -> bool:
        return key.rule in HARD and key.child in self.nodes

    def _is_cascade(self, key: Key) -> bool:
        return key.rule is Rule.CASCADE and key.child in self.nodes

    def _cascades(self, child: str) -> list[Key]:
        return [key for key in self._of_child[child] if self._is_cascade(key)]

    def below(self, root: str) -> tuple[Node, ...]:
        """The model `root` and every model that a delete of one of its rows can reach, parents first."""
        return self._reached(root, through_protection=False)

    def hard_below(self, root: str) -> tuple[Node, ...]:
        """The model `root` and every model whose rows can't be without one of its rows, parents first."""
        return self._reached(root, through_protection=True)

    def _reached(self, root: str, *, through_protection: bool) -> tuple[Node, ...]:
        if (root, through_protection) not in self._below:
            leads = self._is_hard if through_protection else self._is_cascade
            reached = {root}
            for label in self.order:
                if any(key.parent in reached and leads(key) for key in self._of_child[label]):
                    reached.add(label)
            nodes = tuple(self.nodes[label] for label in self.order if label in reached)
            self._below[root, through_protection] = nodes
        return self._below[root, through_protection]

    def parents(self, child: str) -> tuple[Key, ...]:
        """The cascade keys of `child`: it can't be live while one of these parents is deleted."""
        return tuple(self._cascades(child))

    def cascades(self, child: str, among: Iterable[Node]) -> tuple[Key, ...]:
        """The cascade keys that lead from a model of `among` to `child`."""
        labels = {node.label for node in among}
        return tuple(key for key in self._cascades(child) if key.parent in labels)

    def links(self, child: str) -> tuple[Key, ...]:
        """Every key of `child` to a soft-deleted model, whatever its rule, in the order of locks."""
        place = {label: index for index, label in enumerate(self.order)}
        return tuple(sorted(self._of_child[child], key=lambda key: (place[key.parent], key.column)))

    def referring(self, parent: str, *rules: Rule) -> tuple[Key, ...]:
        """The keys to `parent` that have one of `rules`, from children of any kind."""
        return tuple(key for key in self._of_parent[parent] if key.rule in rules)
