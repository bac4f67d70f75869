"""Deleting and restoring a tree of three levels: set by set, against django-safedelete's cascade and bare SQL.

`delete_*` and `restore_*` run against the same tree in django-safedelete's own models. That is so slow that its time
for 100,000 descendants is ten times that for 10,000, unless `SCALE=full`. `*_sql` runs against the bare `UPDATE`s,
one a level, with no locks, no checks and the history triggers off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Organization
from apps.core.ids import new_id
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.core.tenancy import organization_scope, platform_scope
from apps.events.models import Event
from tests.benchmarks.figures import AnswersDiffer, Figure, figure_of, milliseconds, race
from tests.zoo.models import Branch, Leaf, PeerBranch, PeerLeaf, PeerTree, PeerTwig, Tree, Twig

BENCHMARK = "soft_delete"
OURS = (Tree, Branch, Twig, Leaf)
PEERS = (PeerTree, PeerBranch, PeerTwig, PeerLeaf)
TABLES = [model._meta.db_table for model in (*OURS, *PEERS)]
BATCH = 20_000
PEER_ROUNDS = 2  # its time is counted in seconds
LISTED = 1_000_000
BIN = 100_000
PAGE = 51  # fifty, and one more that tells whether there is a next page

Pairs = list[tuple[float, float]]


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """Every figure of performance.md's `soft_delete`."""
    with platform_scope("a benchmark"):
        for name, size in (("1k", 1_000), ("10k", 10_000)):
            yield from _against_the_peer(name, _scaled(size, scale), rounds if name == "1k" else PEER_ROUNDS)
        yield from _at_full_size(_scaled(100_000, scale), rounds, scale)
    yield from _lists(rounds, scale)


def _scaled(size: int, scale: float) -> int:
    return max(10, round(size * scale))


@dataclass
class Forest:
    """One tree of `size` descendants over three levels, in these models."""

    models: tuple[Any, ...]
    size: int

    def __post_init__(self) -> None:
        tree, branch, twig, leaf = self.models
        self.root = tree.objects.create(name="root")
        branches = branch.objects.bulk_create(branch(tree=self.root, name="b") for _ in range(3))
        count = max(1, self.size // 10)
        twigs = twig.objects.bulk_create(twig(branch=branches[n % 3], name="t") for n in range(count))
        rest = self.size - 3 - count
        leaf.objects.bulk_create((leaf(twig=twigs[n % count], name="l") for n in range(rest)), batch_size=BATCH)

    @property
    def live(self) -> int:
        """How many rows of the tree are live."""
        counts = [model.objects.count() for model in self.models]
        return sum(counts)


@dataclass
class Ours:
    """Podium's delete and restore."""

    forest: Forest
    deletion: Deletion | None = None

    def delete(self) -> None:
        self.deletion = delete_object(root=self.forest.root)

    def restore(self) -> None:
        assert self.deletion is not None
        restore_deletion(deletion=self.deletion)


@dataclass
class Peer:
    """django-safedelete's own cascade."""

    forest: Forest

    def delete(self) -> None:
        PeerTree.objects.get(pk=self.forest.root.pk).delete()

    def restore(self) -> None:
        PeerTree.all_objects.get(pk=self.forest.root.pk).undelete()


@dataclass
class Bare:
    """One `UPDATE` a level and nothing else, on our tables, in one transaction."""

    forest: Forest
    deletion: UUID | None = None

    def delete(self) -> None:
        self.deletion = new_id()
        with transaction.atomic(), connection.cursor() as cursor:
            mark = "deleted_at = now(), deletion_id = %s, version = version + 1"
            cursor.execute(f"UPDATE zoo_tree SET {mark} WHERE id = %s", [self.deletion, self.forest.root.pk])
            for child, parent in (("branch", "tree"), ("twig", "branch"), ("leaf", "twig")):
                cursor.execute(
                    f"UPDATE zoo_{child} SET {mark} WHERE deleted_at IS NULL AND {parent}_id IN"
                    f" (SELECT id FROM zoo_{parent} WHERE deletion_id = %s)",
                    [self.deletion, self.deletion],
                )

    def restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in TABLES[: len(OURS)]:
                cursor.execute(
                    f"UPDATE {table} SET deleted_at = NULL, deleted_by = NULL, deletion_id = NULL,"
                    " version = version + 1 WHERE deletion_id = %s",
                    [self.deletion],
                )


Side = Ours | Peer | Bare


def _against_the_peer(name: str, size: int, rounds: int) -> Iterator[Figure]:
    ours, peer = Ours(Forest(OURS, size)), Peer(Forest(PEERS, size))
    deletes, restores = _measure(ours, peer, rounds)
    title = "django-safedelete"
    yield figure_of(BENCHMARK, f"delete_{name}", deletes, yardstick_name=title, unit="ms", better="lower")
    yield figure_of(BENCHMARK, f"restore_{name}", restores, yardstick_name=title, unit="ms", better="lower")
    _clear()


def _at_full_size(size: int, rounds: int, scale: float) -> Iterator[Figure]:
    ours = Ours(Forest(OURS, size))
    bare = Bare(ours.forest)
    sql_deletes, sql_restores = _measure(ours, bare, rounds)
    queries = _queries(ours)
    _clear()
    yield from _peer_at_full_size(size, sql_deletes, sql_restores)
    title = "the same UPDATEs with history triggers off"
    yield figure_of(BENCHMARK, "delete_100k_sql", sql_deletes, yardstick_name=title, unit="ms", better="lower")
    yield figure_of(BENCHMARK, "restore_100k_sql", sql_restores, yardstick_name=title, unit="ms", better="lower")
    few = _queries(Ours(Forest(OURS, 10)))
    for index, figure in enumerate(("queries_delete", "queries_restore")):
        pair = [(float(queries[index]), float(few[index]))]
        yield figure_of(BENCHMARK, figure, pair, yardstick_name="10 descendants", unit="queries", better="lower")
    _clear()


def _peer_at_full_size(size: int, ours_deletes: Pairs, ours_restores: Pairs) -> Iterator[Figure]:
    """Ten times the peer's time for a tenth of the rows: its cost is by the row. Measured where SCALE=full."""
    factor = 1 if os.environ.get("SCALE") == "full" else 10
    peer = Peer(Forest(PEERS, size // factor))
    times = {"delete": milliseconds(peer.delete) * factor, "restore": milliseconds(peer.restore) * factor}
    note = "" if factor == 1 else "the yardstick at a tenth of the rows, times ten"
    for action, measured in (("delete", ours_deletes), ("restore", ours_restores)):
        pairs = [(ours, times[action]) for ours, _ in measured]
        yield figure_of(
            BENCHMARK,
            f"{action}_100k",
            pairs,
            yardstick_name="django-safedelete",
            unit="ms",
            better="lower",
            extrapolated=note,
        )
    _clear()


def _measure(ours: Ours, other: Peer | Bare, rounds: int) -> tuple[Pairs, Pairs]:
    """Delete and restore on both sides in turn; both must leave the same number of rows each time."""
    deletes: Pairs = []
    restores: Pairs = []
    for number in range(rounds + 1):
        times = []
        for side in (ours, other):
            with _history(on=not isinstance(side, Bare)):
                times.append((_timed(side, side.delete, 0), _timed(side, side.restore, side.forest.size + 1)))
        if number:  # the first round warms up
            (mine, back), (theirs, theirs_back) = times
            deletes.append((mine, theirs))
            restores.append((back, theirs_back))
    return deletes, restores


def _timed(side: Side, work: Callable[[], None], live: int) -> float:
    taken = milliseconds(work)
    if side.forest.live != live:
        raise AnswersDiffer(f"{type(side).__name__} left {side.forest.live} live rows instead of {live}.")
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")  # no side cleans up after another
    return taken


class _history:  # noqa: N801 - used as a function
    """The triggers of our tables on or off, while it lasts."""

    def __init__(self, *, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        self._set(self.on)

    def __exit__(self, *_: object) -> None:
        self._set(True)

    def _set(self, on: bool) -> None:
        with connection.cursor() as cursor:
            for table in TABLES[: len(OURS)]:
                cursor.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER USER")


def _queries(ours: Ours) -> tuple[int, int]:
    counts = []
    for work in (ours.delete, ours.restore):
        with CaptureQueriesContext(connection) as queries:
            work()
        counts.append(len(queries))
    return counts[0], counts[1]


def _clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}, core_deletion, core_auditrecord, core_outboxmessage CASCADE")


def _lists(rounds: int, scale: float) -> Iterator[Figure]:
    half, none = (_organization_with_events(_scaled(LISTED, scale), deleted=d) for d in (True, False))
    yield race(
        BENCHMARK,
        "list_half_deleted",
        ours=partial(_page, Event, half),
        yardstick=partial(_page, Event, none),
        yardstick_name="none deleted",
        rounds=max(rounds, 20),
    )
    size = max(100 * PAGE, _scaled(BIN, scale))
    many, few = (_organization_with_deletions(count) for count in (size, size // 100))
    yield race(
        BENCHMARK,
        "bin_list",
        ours=partial(_page, Deletion, many),
        yardstick=partial(_page, Deletion, few),
        yardstick_name="a hundredth of the deletions",
        rounds=max(rounds, 20),
    )


def _page(model: Any, organization: Organization) -> int:
    """A page of fifty, as the list asks for it, 20 times over."""
    ordering = ("-created_at", "-id") if model is Deletion else ("-id",)
    with organization_scope(organization.pk):
        return sum(len(model.objects.order_by(*ordering)[:PAGE]) for _ in range(20))


def _organization_with_events(count: int, *, deleted: bool) -> Organization:
    organization: Organization = Organization.objects.create(name="Listed", slug=f"listed-{new_id().hex}")
    marks = "CASE WHEN n %% 2 = 0 THEN {} END"
    at, deletion = (marks.format("now()"), marks.format("gen_random_uuid()")) if deleted else ("NULL", "NULL")
    _load(
        f"""
        INSERT INTO events_event (id, created_at, updated_at, version, deleted_at, deletion_id, organization_id, name,
            slug, description, venue, timezone, status, calendar_key)
        SELECT gen_random_uuid(), now(), now(), 1, {at}, {deletion}, %(organization)s, 'Cup ' || n, 'cup-' || n, '',
            '', 'UTC', 'draft', md5(n::text)
        FROM generate_series(1, %(count)s) AS n
        """,
        "events_event",
        {"organization": organization.pk, "count": count},
    )
    return organization


def _organization_with_deletions(count: int) -> Organization:
    organization: Organization = Organization.objects.create(name="Bin", slug=f"bin-{new_id().hex}")
    _load(
        """
        INSERT INTO core_deletion (id, organization_id, root_model, root_id, root_label, state, counts, reason,
            correlation_id, created_at, expires_at, legal_hold, version)
        SELECT gen_random_uuid(), %(organization)s, 'events.event', gen_random_uuid(), 'Cup ' || n, 'deleted',
            '{"events.event": 1}', '', '', now() - n * interval '1 second', now(), false, 1
        FROM generate_series(1, %(count)s) AS n
        """,
        "core_deletion",
        {"organization": organization.pk, "count": count},
    )
    return organization


def _load(statement: str, table: str, parameters: dict[str, object]) -> None:
    """Rows for a list, made by the database itself and without history."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")
