"""Values that must be unique, wanted back by deleted rows and held by others: named, and solved in one go."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.errors import Invalid
from apps.core.softdelete.errors import RestoreConflict
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object, plan_restore, restore_deletion
from tests.factories.zoo import Zoo
from tests.zoo.models import Animal, Enclosure, Park

pytestmark = pytest.mark.django_db


def test_a_collision_names_each_field_and_the_row_that_holds_the_value() -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.park)
    holder = Park.objects.create(name=zoo.park.name.upper())

    with pytest.raises(RestoreConflict) as conflict:
        restore_deletion(deletion=deletion)

    assert conflict.value.extra["conflicts"] == [
        {
            "model": "zoo.park",
            "id": str(zoo.park.pk),
            "field": "name",
            "value": zoo.park.name,
            "holder_id": str(holder.pk),
        }
    ]
    assert Animal.objects.count() == 0
    assert Deletion.objects.get().state == DeletionState.DELETED


def test_a_new_value_solves_a_collision_in_the_same_transaction() -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.park)
    Park.objects.create(name=zoo.park.name)

    restore_deletion(deletion=deletion, changes={"name": "Old park"})

    assert Park.objects.get(pk=zoo.park.pk).name == "Old park"
    assert Animal.objects.count() == 4


def test_a_child_that_collides_gets_its_new_value_by_id() -> None:
    zoo = Zoo()
    enclosure = zoo.cages[0]
    deletion = delete_object(root=enclosure)
    Enclosure.objects.create(park=zoo.park, number=1)

    restore_deletion(deletion=deletion, changes={str(enclosure.pk): {"number": 9}})

    assert Enclosure.objects.get(pk=enclosure.pk).number == 9


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"number": "many"}, "#/changes/number", "INVALID"),
        ({"number": 1.5}, "#/changes/number", "INVALID"),
        ({"number": True}, "#/changes/number", "INVALID"),
        ({"park": "x"}, "#/changes/park", "NOT_CHANGEABLE"),
        ({"deleted_at": None}, "#/changes/deleted_at", "NOT_CHANGEABLE"),
        ({"nobody": {"number": 3}}, "#/changes/nobody", "UNKNOWN_ROW"),
    ],
)
def test_a_change_that_can_not_be_made_is_refused_by_name(changes: Any, pointer: str, code: str) -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.cages[0])

    with pytest.raises(Invalid) as refusal:
        restore_deletion(deletion=deletion, changes=changes)

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [(pointer, code)]
    assert Enclosure.objects.count() == 1


@pytest.mark.parametrize("name", [7, True, ["Old park"], "Old\0park"])
def test_a_new_name_is_text_that_can_be_stored(name: Any) -> None:
    deletion = delete_object(root=Zoo().park)

    with pytest.raises(Invalid) as refusal:
        restore_deletion(deletion=deletion, changes={"name": name})

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("#/changes/name", "INVALID")]


def test_an_ancestor_that_collides_gets_its_new_value_in_the_same_restore() -> None:
    zoo = Zoo()
    enclosure = zoo.cages[0]
    child, parent = delete_object(root=enclosure), delete_object(root=zoo.park)
    Park.objects.create(name=zoo.park.name)

    with pytest.raises(RestoreConflict) as conflict:
        restore_deletion(deletion=child, with_ancestors=True)
    found: Any = conflict.value.extra["conflicts"]
    changes = {found[0]["id"]: {found[0]["field"]: "Old park"}, "number": 9}
    restore_deletion(deletion=child, changes=changes, with_ancestors=True)

    assert Park.objects.get(pk=zoo.park.pk).name == "Old park"
    assert Enclosure.objects.get(pk=enclosure.pk).number == 9
    assert Deletion.objects.get(pk=parent.pk).state == DeletionState.RESTORED


def test_a_change_for_a_row_that_is_not_among_those_that_come_back_undoes_the_restore() -> None:
    zoo = Zoo()
    child, parent = delete_object(root=zoo.cages[0]), delete_object(root=zoo.park)
    strange = str(Park.objects.create(name="Elsewhere").pk)

    with pytest.raises(Invalid) as refusal:
        restore_deletion(deletion=child, changes={strange: {"name": "x"}}, with_ancestors=True)

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [
        (f"#/changes/{strange}", "UNKNOWN_ROW")
    ]
    assert set(Deletion.objects.filter(pk__in=[child.pk, parent.pk]).values_list("state", flat=True)) == {"deleted"}


def test_a_restore_that_is_sent_again_minds_no_changes() -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.cages[0])
    changes = {str(zoo.cages[0].pk): {"number": 9}}

    for _ in range(2):
        restore_deletion(deletion=deletion, changes=changes)

    assert Enclosure.objects.get(pk=zoo.cages[0].pk).number == 9


def twins() -> tuple[Deletion, Animal, Animal]:
    """A deletion that holds two animals of one tag: one was handed over to it, the other had taken its place."""
    zoo = Zoo(1, 1)
    cage, first = zoo.cages[0], zoo.beasts[0]
    with_species = delete_object(root=zoo.species[0])
    second = Animal.objects.create(name="Heir", tag=first.tag, enclosure=cage)
    with_cage = delete_object(root=cage)
    restore_deletion(deletion=with_species)
    return with_cage, first, second


def test_two_rows_of_one_deletion_that_want_the_same_value_are_a_collision_too() -> None:
    with_cage, first, second = twins()

    with pytest.raises(RestoreConflict) as conflict:
        restore_deletion(deletion=with_cage)

    expected = [
        {
            "model": "zoo.animal",
            "id": str(second.pk),
            "field": "tag",
            "value": first.tag,
            "holder_id": str(first.pk),
        }
    ]
    assert conflict.value.extra["conflicts"] == expected
    plan = plan_restore(deletion=with_cage)
    assert ([value.as_data() for value in plan.conflicts], plan.is_possible) == (expected, False)


def test_rows_that_want_what_a_live_row_holds_are_each_named_once() -> None:
    zoo = Zoo(1, 1)
    cage, mother = zoo.cages[0], zoo.beasts[0]
    species = zoo.species[1]
    first = Animal.objects.create(name="Cub", tag="cub", enclosure=cage, mother=mother, species=species)
    with_species = delete_object(root=species)
    second = Animal.objects.create(name="Cub", tag="cub", enclosure=cage, mother=mother)
    with_mother = delete_object(root=mother)
    restore_deletion(deletion=with_species)
    heir = Animal.objects.create(name="Heir", tag="cub", enclosure=cage)

    found = plan_restore(deletion=with_mother).conflicts

    assert [(value.id, value.holder_id) for value in found] == [(first.pk, heir.pk), (second.pk, heir.pk)]


@pytest.mark.parametrize("changed", [0, 1], ids=["the one that was there", "its heir"])
def test_either_of_two_rows_that_want_the_same_value_may_get_a_new_one(changed: int) -> None:
    with_cage, *animals = twins()

    restore_deletion(deletion=with_cage, changes={str(animals[changed].pk): {"tag": "new"}})

    assert set(Animal.objects.filter(tag="new")) == {animals[changed]}
    assert set(Animal.objects.all()) == set(animals)


def test_two_new_values_that_collide_with_each_other_are_refused_by_name() -> None:
    zoo = Zoo(2, 0)
    deletion = delete_object(root=zoo.park)
    one, two = (str(cage.pk) for cage in zoo.cages)

    with pytest.raises(RestoreConflict) as conflict:
        restore_deletion(deletion=deletion, changes={one: {"number": 7}, two: {"number": 7}})

    found: Any = conflict.value.extra["conflicts"]
    assert [(value["id"], value["value"], value["holder_id"]) for value in found] == [(two, 7, one)]


def test_a_row_that_waits_for_another_parent_collides_with_nothing() -> None:
    zoo = Zoo(1, 1)
    cage, lynx = zoo.cages[0], zoo.species[0]
    mother = Animal.objects.create(name="Mother", tag="mother", enclosure=cage)
    Animal.objects.create(name="Cub", tag="cub", enclosure=cage, species=lynx, mother=mother)
    deletion = delete_object(root=mother)
    delete_object(root=lynx)
    heir = Animal.objects.create(name="Heir", tag="cub", enclosure=cage)

    plan = plan_restore(deletion=deletion)
    restore_deletion(deletion=deletion, plan=plan.token)

    assert (plan.conflicts, plan.is_possible) == ((), True)
    assert set(Animal.objects.all()) == {mother, heir}
