"""Work grows with the rows that go, also where PostgreSQL's statistics are of a time when everything was deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, models
from psycopg.errors import Diagnostic

from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import delete_object, delete_rows, plan_restore, preview_deletion, restore_deletion
from apps.core.softdelete.services.purging import purge_due
from tests.zoo.models import Animal, Branch, Enclosure, Leaf, Park, Tree, Twig

pytestmark = pytest.mark.django_db

ROWS = 1_500


def tree(rows: int) -> Tree:
    """Three levels, each key with an index of live rows alone."""
    root: Tree = Tree.objects.create(name="Oak")
    branches = Branch.objects.bulk_create([Branch(tree=root, name="b") for _ in range(10)])
    twigs = Twig.objects.bulk_create([Twig(branch=branch, name="t") for branch in branches for _ in range(30)])
    Leaf.objects.bulk_create([Leaf(twig=twigs[number % len(twigs)], name="l") for number in range(rows)])
    return root


def park(rows: int) -> Park:
    """Unique values, two parents and a tree of its own."""
    root: Park = Park.objects.create(name=f"Park of {rows}")
    enclosures = Enclosure.objects.bulk_create([Enclosure(park=root, number=number) for number in range(300)])
    animals = [Animal(enclosure=enclosures[number % 300], name="a", tag=f"{number}") for number in range(rows)]
    Animal.objects.bulk_create(animals)
    for index, animal in enumerate(animals[1:]):
        animal.mother = animals[index // 2]
    Animal.objects.bulk_update(animals[1:], ["mother"])
    return root


@contextmanager
def comparisons() -> Iterator[list[int]]:
    """How many rows PostgreSQL looks at in vain, a number for each node of each plan."""
    found: list[int] = []

    def hear(diagnostic: Diagnostic) -> None:
        text = diagnostic.message_primary or ""
        if "plan:" in text:
            found.extend(in_vain(json.loads(text.partition("plan:")[2])["Plan"]))

    with connection.cursor() as cursor:
        cursor.execute(
            "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
            " SET auto_explain.log_timing = off; SET auto_explain.log_format = json;"
            " SET auto_explain.log_nested_statements = on; SET client_min_messages = log"
        )
        connection.connection.add_notice_handler(hear)
        try:
            yield found
        finally:
            connection.connection.remove_notice_handler(hear)
            cursor.execute("SET auto_explain.log_min_duration = -1; SET client_min_messages TO DEFAULT")


def in_vain(node: dict[str, Any]) -> Iterator[int]:
    """Of a node and those below it."""
    removed = node.get("Rows Removed by Join Filter", 0) + node.get("Rows Removed by Filter", 0)
    yield round(removed * node["Actual Loops"])
    for child in node.get("Plans", ()):
        yield from in_vain(child)


@pytest.mark.parametrize(("make", "rows_below"), [(tree, Leaf), (park, Animal)])
def test_no_statement_compares_each_row_with_each(
    make: Callable[[int], models.Model], rows_below: type[models.Model]
) -> None:
    delete_object(root=make(1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    root = make(ROWS)

    with comparisons() as looks:
        assert preview_deletion(roots=root).is_possible
        deletion = delete_object(root=root)
        assert plan_restore(deletion=deletion).is_possible
        restore_deletion(deletion=deletion)
        delete_rows(type(root)._base_manager.filter(deleted_at=None))
        Deletion.objects.update(expires_at="2020-01-01T00:00Z")
        assert purge_due() == 2

    assert rows_below._base_manager.count() == 0
    assert looks
    assert max(looks) < 3 * ROWS
