"""A worker that is killed in the middle leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection

from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object
from apps.core.softdelete.services.purging import purge_due
from apps.core.tenancy import platform_scope
from config.env import ROOT
from tests.zoo.models import Branch, Leaf, Tree, Twig

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE = 60.0
LEAVES = 30_000
ROWS = 1 + 10 + 100 + LEAVES


@pytest.fixture(autouse=True)
def _on_the_platform() -> Iterator[None]:
    with platform_scope("a test"):
        yield


@pytest.fixture
def tree() -> Tree:
    """A tree with so many leaves that there is time to kill whoever is at it."""
    tree = Tree.objects.create(name="Oak")
    branches = Branch.objects.bulk_create([Branch(tree=tree, name="b") for _ in range(10)])
    twigs = Twig.objects.bulk_create([Twig(branch=branch, name="t") for branch in branches for _ in range(10)])
    Leaf.objects.bulk_create([Leaf(twig=twigs[n % 100], name="l") for n in range(LEAVES)], batch_size=10_000)
    return tree


@contextmanager
def worker(what: str, row_id: UUID) -> Iterator[subprocess.Popen[bytes]]:
    """A worker on the test's database, dead at the end whatever happens."""
    database = connection.settings_dict
    login = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}@{database['HOST']}:{database['PORT']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{login}/{database['NAME']}?application_name=victim",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    command = [sys.executable, "-m", "tests.e2e.softdelete.worker", what, str(row_id)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE)
        wait_until(lambda: not victims(), "its connection ended")


def wait_until(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.002)  # between two looks at another process


def victims(query: str = "%") -> list[int]:
    """The worker's connections that run such a statement now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND query LIKE %s", [query]
        )
        return [pid for (pid,) in cursor.fetchall()]


def left() -> dict[str, int]:
    models = (Tree, Branch, Twig, Leaf)
    return {
        "live": sum(model.objects.count() for model in models),
        "all": sum(model.all_objects.count() for model in models),
    }


def test_a_killed_delete_has_not_happened(tree: Tree) -> None:
    with worker("delete", tree.pk) as process:
        wait_until(lambda: victims('%FROM "zoo_leaf"%'), "it came to the leaves")
        process.send_signal(signal.SIGKILL)

    assert left() == {"live": ROWS, "all": ROWS}
    assert not Deletion.objects.exists()
    assert delete_object(root=tree).counts["zoo.leaf"] == LEAVES


def test_a_killed_restore_has_not_happened(tree: Tree) -> None:
    deletion = delete_object(root=tree)

    with worker("restore", deletion.pk) as process:
        wait_until(lambda: victims('%UPDATE "zoo_leaf"%'), "it came to the leaves")
        process.send_signal(signal.SIGKILL)

    deletion.refresh_from_db()
    assert (deletion.state, left()) == (DeletionState.DELETED, {"live": 0, "all": ROWS})


def test_a_killed_purge_is_finished_by_the_next_sweep(tree: Tree) -> None:
    deletion = delete_object(root=tree)
    Deletion.objects.update(expires_at="2020-01-01T00:00Z")

    with worker("purge", deletion.pk) as process:
        wait_until(lambda: Leaf.all_objects.count() < LEAVES, "it removed something")
        process.send_signal(signal.SIGKILL)

    between = Leaf.all_objects.count()
    deletion.refresh_from_db()
    assert (deletion.state, 0 < between < LEAVES) == (DeletionState.PURGING, True)

    assert purge_due() == 1
    deletion.refresh_from_db()
    assert (deletion.state, left()) == (DeletionState.PURGED, {"live": 0, "all": 0})


def test_two_sweeps_at_once_purge_everything_once(tree: Tree) -> None:
    deletion = delete_object(root=tree)
    Deletion.objects.update(expires_at="2020-01-01T00:00Z")

    with worker("purge", deletion.pk) as process:
        wait_until(lambda: Leaf.all_objects.count() < LEAVES, "it removed something")
        purge_due()
        assert process.wait(DEADLINE) == 0

    deletion.refresh_from_db()
    assert (deletion.state, left()) == (DeletionState.PURGED, {"live": 0, "all": 0})
