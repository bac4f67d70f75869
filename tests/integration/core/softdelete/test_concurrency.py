"""Deletes, restores, inserts and updates at the same time, on connections of their own."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from apps.accounts.policies import OperatorAccess
from apps.core.deadlocks import is_deadlock
from apps.core.errors import PodiumError, StaleVersion
from apps.core.ids import new_id
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.core.softdelete.services.holding import set_legal_hold
from apps.core.softdelete.services.purging import claim
from apps.core.tenancy import platform_scope
from tests.factories.zoo import Zoo
from tests.other import DEADLINE, Other, somebody_else
from tests.zoo.models import Animal, Enclosure, Park, Species

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("CONCURRENCY_ROUNDS", "60"))  # of each of six connections


@pytest.fixture
def other() -> Iterator[Other]:
    with somebody_else() as somebody:
        yield somebody


@contextmanager
def uncommitted() -> Iterator[None]:
    """What happens inside is committed at the end."""
    with transaction.atomic():
        yield


def orphans() -> int:
    """Live rows under a deleted parent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM zoo_enclosure c JOIN zoo_park p ON p.id = c.park_id
                    WHERE c.deleted_at IS NULL AND p.deleted_at IS NOT NULL)
                 + (SELECT count(*) FROM zoo_animal c LEFT JOIN zoo_enclosure e ON e.id = c.enclosure_id
                    LEFT JOIN zoo_species s ON s.id = c.species_id LEFT JOIN zoo_animal m ON m.id = c.mother_id
                    WHERE c.deleted_at IS NULL
                      AND (e.deleted_at IS NOT NULL OR s.deleted_at IS NOT NULL OR m.deleted_at IS NOT NULL))
            """
        )
        (count,) = cursor.fetchone()
    return int(count)


def test_a_delete_waits_for_a_child_that_is_being_inserted_and_takes_it(other: Other) -> None:
    zoo = Zoo(1, 0)

    with uncommitted():
        Animal.objects.create(name="New", tag="n", enclosure=zoo.cages[0])
        deletion = other.do(lambda: delete_object(root=zoo.park))
        other.wait_until_it_waits()

    assert deletion.result(DEADLINE).counts["zoo.animal"] == 1
    assert orphans() == 0


def test_an_insert_waits_for_a_delete_and_is_refused(other: Other) -> None:
    zoo = Zoo(1, 0)

    with uncommitted():
        delete_object(root=zoo.park)
        insert = other.do(lambda: Enclosure.objects.create(park_id=zoo.park.pk, number=9))
        other.wait_until_it_waits()

    with pytest.raises(IntegrityError, match="live under a deleted row"):
        insert.result(DEADLINE)


def test_an_insert_waits_for_a_delete_and_succeeds_when_that_is_undone(other: Other) -> None:
    zoo = Zoo(1, 0)

    with transaction.atomic():
        delete_object(root=zoo.park)
        insert = other.do(lambda: Enclosure.objects.create(park_id=zoo.park.pk, number=9))
        other.wait_until_it_waits()
        transaction.set_rollback(True)

    assert insert.result(DEADLINE).number == 9
    assert orphans() == 0


def test_a_purge_waits_for_a_legal_hold_below_and_keeps_to_it(other: Other) -> None:
    zoo = Zoo(1, 1)
    below, above = delete_object(root=zoo.beasts[0]), delete_object(root=zoo.park)
    Deletion.objects.update(expires_at="2020-01-01T00:00Z")

    with uncommitted():
        set_legal_hold(deletion=below, access=OperatorAccess(new_id()), hold=True)
        claimed = other.do(lambda: claim(deletion_id=above.pk))
        other.wait_until_it_waits()

    assert claimed.result(DEADLINE) is False
    assert set(Deletion.objects.values_list("state", flat=True)) == {DeletionState.DELETED}


def test_a_row_that_moves_away_meanwhile_survives(other: Other) -> None:
    zoo, elsewhere = Zoo(1, 2), Zoo(1, 0)

    with uncommitted():
        Animal.objects.filter(pk=zoo.beasts[0].pk).update(enclosure=elsewhere.cages[0])
        deletion = other.do(lambda: delete_object(root=zoo.cages[0]))
        other.wait_until_it_waits()

    assert deletion.result(DEADLINE).counts["zoo.animal"] == 1
    assert list(Animal.objects.all()) == [zoo.beasts[0]]


def test_a_row_that_moves_away_from_one_of_its_parents_still_goes_with_the_other(other: Other) -> None:
    zoo, elsewhere = Zoo(1, 1), Zoo(1, 0)
    mother = zoo.beasts[0]
    cub = Animal.objects.create(name="Cub", tag="c", enclosure=zoo.cages[0], mother=mother)

    with uncommitted():
        Animal.objects.filter(pk=cub.pk).update(enclosure=elsewhere.cages[0])
        deletion = other.do(lambda: delete_object(root=zoo.cages[0]))
        other.wait_until_it_waits()

    assert deletion.result(DEADLINE).counts["zoo.animal"] == 2
    assert orphans() == 0


def test_a_move_under_a_row_that_is_being_deleted_is_refused(other: Other) -> None:
    zoo, elsewhere = Zoo(1, 1), Zoo(1, 0)

    with uncommitted():
        delete_object(root=elsewhere.park)
        move = other.do(lambda: Animal.objects.filter(pk=zoo.beasts[0].pk).update(enclosure=elsewhere.cages[0]))
        other.wait_until_it_waits()

    with pytest.raises(IntegrityError, match="live under a deleted row"):
        move.result(DEADLINE)


def test_an_update_that_a_delete_waits_for_is_not_lost(other: Other) -> None:
    zoo = Zoo(1, 1)

    with uncommitted():
        Animal.objects.filter(pk=zoo.beasts[0].pk).update(name="Renamed")
        deletion = other.do(lambda: delete_object(root=zoo.park))
        other.wait_until_it_waits()

    restore_deletion(deletion=deletion.result(DEADLINE))
    assert Animal.objects.get().name == "Renamed"


def test_a_save_that_waits_for_a_delete_does_not_bring_the_row_back(other: Other) -> None:
    zoo = Zoo(1, 1)
    animal = Animal.objects.get(pk=zoo.beasts[0].pk)
    animal.name = "Renamed"

    with uncommitted():
        delete_object(root=zoo.park)
        save = other.do(animal.save)
        other.wait_until_it_waits()

    with pytest.raises(StaleVersion):
        save.result(DEADLINE)
    assert not Animal.objects.exists()


def test_a_delete_of_the_other_parent_waits_for_a_restore_and_takes_the_row_along(other: Other) -> None:
    zoo = Zoo(1, 2)
    deletion = delete_object(root=zoo.cages[0])

    with uncommitted():
        restore_deletion(deletion=deletion)
        second = other.do(lambda: delete_object(root=zoo.species[0]))
        other.wait_until_it_waits()

    assert second.result(DEADLINE).counts == {"zoo.species": 1, "zoo.animal": 1}
    assert (Animal.objects.count(), orphans()) == (1, 0)


def test_of_two_deletes_of_one_thing_one_wins(other: Other) -> None:
    zoo = Zoo(1, 1)

    with uncommitted():
        delete_object(root=zoo.park)
        second = other.do(lambda: delete_object(root=zoo.park))
        other.wait_until_it_waits()

    with pytest.raises(PodiumError, match="nothing here"):
        second.result(DEADLINE)
    assert Deletion.objects.count() == 1


def count_deadlocks(victims: list[str]) -> Callable[..., Any]:
    """For `connection.execute_wrapper`: what PostgreSQL undid, even where a service tries again."""

    def execute_and_count(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if is_deadlock(error):
                victims.append(str(error))
            raise

    return execute_and_count


def test_overlapping_trees_are_deleted_and_restored_at_once_without_deadlock_orphan_or_lost_update() -> None:
    """Six connections delete, restore, insert and rename in one park of diamonds, whose mothers know no levels."""
    zoo, problems = Zoo(4, 6), []
    victims: list[str] = []
    roots: list[Any] = [zoo.park, *zoo.cages, *zoo.species, *zoo.beasts]
    renamed: list[Any] = []

    def delete_and_restore(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(ROUNDS):
            if dice.random() < 0.5:
                delete_some(dice)
            else:
                restore_any(dice)

    def delete_some(dice: random.Random) -> None:
        root = dice.choice(roots)
        if dice.random() < 0.8:
            attempt(lambda: delete_object(root=root))
        else:
            attempt(Animal.objects.filter(pk__in=[beast.pk for beast in dice.sample(zoo.beasts, 3)]).delete)

    def restore_any(dice: random.Random) -> None:
        kept = list(Deletion.objects.filter(state=DeletionState.DELETED).order_by("pk"))
        if kept:
            deletion = dice.choice(kept)
            attempt(lambda: restore_deletion(deletion=deletion, with_ancestors=dice.random() < 0.3))

    def insert(seed: int) -> None:
        dice = random.Random(seed)
        for number in range(ROUNDS):
            rows = [
                Animal(
                    name="New",
                    tag=f"{seed}-{number}-{twin}",
                    enclosure=dice.choice(zoo.cages),
                    species=dice.choice(zoo.species),
                    mother=dice.choice(zoo.beasts),
                )
                for twin in range(dice.choice((1, 3)))
            ]
            attempt(lambda rows=rows: Animal.objects.bulk_create(rows))

    def rename(seed: int) -> None:
        for number in range(ROUNDS):
            name = f"{seed}-{number}"
            if attempt(lambda name=name: Species.objects.filter(pk=zoo.species[0].pk).update(name=name)):
                renamed.append(name)

    def attempt(work: Callable[[], Any]) -> Any:
        try:
            with transaction.atomic():
                return work()
        except (PodiumError, IntegrityError):
            return None  # refused, as it may be

    def run(work: Callable[[int], None], seed: int) -> None:
        try:
            with platform_scope("a test"), connection.execute_wrapper(count_deadlocks(victims)):
                work(seed)
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)
        finally:
            connection.close()

    workers = [delete_and_restore] * 3 + [insert] * 2 + [rename]
    threads = [threading.Thread(target=run, args=(work, seed)) for seed, work in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60 + ROUNDS)

    assert problems == []
    assert victims == []
    assert orphans() == 0
    assert Species.all_objects.get(pk=zoo.species[0].pk).name == renamed[-1]
    kept = set(Deletion.objects.filter(state=DeletionState.DELETED).values_list("pk", flat=True))
    for model in (Park, Enclosure, Animal, Species):
        held = set(model.deleted_objects.values_list("deletion_id", flat=True))
        assert held <= kept
