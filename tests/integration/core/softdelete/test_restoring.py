"""A restore brings back precisely what its deletion took, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete import hooks
from apps.core.softdelete.errors import ParentDeleted, PurgeStarted, Refused
from apps.core.softdelete.hooks import Affected, Objection
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object, plan_restore, restore_deletion, restore_object
from apps.core.softdelete.services.planning import PlanOutdated
from apps.core.softdelete.services.purging import claim, purge_claimed
from tests.factories.zoo import Zoo
from tests.zoo.models import Animal, Enclosure, Keeper, Park, Plaque, Visitor

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[Any]]:
    models: list[Any] = [Park, Enclosure, Animal, Plaque]
    columns = ["version", "updated_at"]
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in columns}
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in models
    }


def test_a_restore_undoes_the_delete_to_the_last_column() -> None:
    zoo = Zoo()
    Plaque.objects.create(subject=zoo.park, text="Opened in 1889")
    before = everything()

    restore_deletion(deletion=delete_object(root=zoo.park))

    assert everything() == before


def test_rows_that_were_deleted_separately_before_stay_deleted() -> None:
    zoo = Zoo()
    delete_object(root=zoo.beasts[0])
    delete_object(root=zoo.cages[1])
    deletion = delete_object(root=zoo.park)

    restore_deletion(deletion=deletion)

    assert list(Animal.objects.all()) == [zoo.beasts[1]]
    assert list(Enclosure.objects.all()) == [zoo.cages[0]]


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows() -> None:
    counts = []
    ContentType.objects.get_for_model(Park)

    for zoo in (Zoo(1, 1), Zoo(10, 30)):
        deletion = delete_object(root=zoo.park)
        with CaptureQueriesContext(connection) as queries:
            restore_deletion(deletion=deletion)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_restoring_twice_changes_nothing() -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.park)
    first = restore_deletion(deletion=deletion)
    delete_object(root=zoo.beasts[0])

    second = restore_deletion(deletion=deletion)

    assert (second.restored_at, second.version) == (first.restored_at, first.version)
    assert Animal.objects.count() == 3
    assert OutboxMessage.objects.filter(type="park.restored").count() == 1


@pytest.mark.parametrize("first", [0, 1], ids=["enclosure first", "species first"])
def test_a_diamond_comes_back_only_when_both_parents_are_live(first: int) -> None:
    zoo = Zoo(1, 2)
    lynx = zoo.beasts[0]
    deletions = [delete_object(root=zoo.cages[0]), delete_object(root=zoo.species[0])]

    restore_deletion(deletion=deletions[first])
    between = list(Animal.objects.filter(pk=lynx.pk))
    restore_deletion(deletion=deletions[1 - first])

    assert between == []
    assert list(Animal.objects.filter(pk=lynx.pk)) == [lynx]


def test_a_row_that_waits_for_its_other_parent_belongs_to_that_ones_deletion_from_then_on() -> None:
    zoo = Zoo(1, 2)
    cub = Animal.objects.create(name="Cub", tag="c", enclosure=zoo.cages[0], mother=zoo.beasts[0])
    first, second = delete_object(root=zoo.cages[0]), delete_object(root=zoo.species[0])

    restore_deletion(deletion=first)

    assert Animal.all_objects.get(pk=zoo.beasts[0].pk).deletion_id == second.pk
    assert Animal.all_objects.get(pk=cub.pk).deletion_id == second.pk
    restore_deletion(deletion=second)
    assert Animal.objects.count() == 3


@pytest.mark.parametrize("is_held", [True, False])
def test_a_legal_hold_goes_along_with_rows_that_wait_for_something_else(is_held: bool) -> None:
    zoo = Zoo(1, 1)
    first, second = delete_object(root=zoo.cages[0]), delete_object(root=zoo.species[0])
    Deletion.objects.filter(pk=first.pk).update(legal_hold=is_held)
    first.refresh_from_db()

    restore_deletion(deletion=first)

    assert Animal.all_objects.get().deletion_id == second.pk
    assert Deletion.objects.get(pk=second.pk).legal_hold is is_held


def test_the_plan_counts_the_young_that_wait_for_another_parent_than_their_mother() -> None:
    zoo = Zoo(2, 1)
    mother = zoo.beasts[0]
    cub = Animal.objects.create(name="Cub", tag="cub", enclosure=zoo.cages[1], mother=mother)
    grandcub = Animal.objects.create(name="Grandcub", tag="grandcub", enclosure=zoo.cages[0], mother=cub)
    with_young = delete_object(root=mother)
    delete_object(root=zoo.cages[1])

    plan = plan_restore(deletion=with_young)
    restore_deletion(deletion=with_young)

    assert (plan.counts, plan.staying, plan.ancestors) == ({"zoo.animal": 1}, {"zoo.animal": 2}, ())
    assert list(Animal.objects.filter(pk__in=[mother.pk, cub.pk, grandcub.pk])) == [mother]


def test_a_child_under_a_deleted_parent_names_the_parents_deletion() -> None:
    zoo = Zoo()
    child, parent = delete_object(root=zoo.beasts[0]), delete_object(root=zoo.park)

    with pytest.raises(ParentDeleted) as refusal:
        restore_deletion(deletion=child)

    assert refusal.value.extra["deletions"] == [{"id": str(parent.pk), "model": "zoo.park", "label": zoo.park.name}]


def test_the_whole_chain_comes_back_with_ancestors() -> None:
    zoo = Zoo()
    deletions = [delete_object(root=row) for row in (zoo.beasts[0], zoo.cages[0], zoo.park)]

    restore_deletion(deletion=deletions[0], with_ancestors=True)

    assert Animal.objects.count() == 4
    assert set(Deletion.objects.values_list("state", flat=True)) == {DeletionState.RESTORED}


def cub_whose_mother_waits_for_her_species() -> tuple[Zoo, Animal, Deletion]:
    """The cub was deleted first, then the enclosure with its mother, then her species."""
    zoo = Zoo(2, 1)
    cage, elsewhere = zoo.cages
    cub = Animal.objects.create(name="Cub", tag="cub", enclosure=elsewhere, mother=zoo.beasts[0])
    with_cub = delete_object(root=cub)
    delete_object(root=cage)
    delete_object(root=zoo.species[0])
    return zoo, cub, with_cub


def test_with_ancestors_also_come_those_that_an_ancestor_waits_for() -> None:
    zoo, cub, with_cub = cub_whose_mother_waits_for_her_species()

    restore_deletion(deletion=with_cub, with_ancestors=True)

    assert set(Animal.objects.all()) == {cub, *zoo.beasts}
    assert set(Deletion.objects.values_list("state", flat=True)) == {DeletionState.RESTORED}


def test_what_an_ancestor_waits_for_is_named_once_the_ancestor_is_back() -> None:
    *_, with_cub = cub_whose_mother_waits_for_her_species()
    with_cage, with_species = Deletion.objects.exclude(pk=with_cub.pk).order_by("pk")

    for above in (with_cage, with_species):
        with pytest.raises(ParentDeleted) as refusal:
            restore_deletion(deletion=with_cub)
        found: Any = refusal.value.extra["deletions"]
        assert [each["id"] for each in found] == [str(above.pk)]
        restore_deletion(deletion=above)
    restore_deletion(deletion=with_cub)

    assert Animal.objects.count() == 3


def test_a_row_comes_back_with_ancestors_even_when_it_waits_for_two_of_them() -> None:
    zoo = Zoo(1, 1)
    delete_object(root=zoo.cages[0])
    delete_object(root=zoo.species[0])
    mother = Animal.all_objects.get(pk=zoo.beasts[0].pk)

    restore_object(row=mother, with_ancestors=True)

    assert list(Animal.objects.all()) == [mother]


def test_a_row_that_went_along_with_something_else_is_not_restored_alone() -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.park)
    animal = Animal.all_objects.get(pk=zoo.beasts[0].pk)

    with pytest.raises(ParentDeleted) as refusal:
        restore_object(row=animal)

    assert refusal.value.extra["deletions"] == [{"id": str(deletion.pk), "model": "zoo.park", "label": zoo.park.name}]
    assert restore_object(row=animal, with_ancestors=True) == deletion


def test_a_row_that_was_purged_since_it_was_read_is_not_taken_for_a_live_one() -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.park)
    park = Park.all_objects.get(pk=zoo.park.pk)
    Deletion.objects.update(expires_at="2020-01-01T00:00Z")
    assert claim(deletion_id=deletion.pk)
    assert purge_claimed(deletion_id=deletion.pk)

    with pytest.raises(PurgeStarted):
        restore_object(row=park)


def test_restoring_a_live_row_is_no_error_and_does_nothing() -> None:
    assert restore_object(row=Zoo().park) is None


def test_a_many_to_many_list_is_whole_again() -> None:
    zoo = Zoo()
    visitor = Visitor.objects.create(name="Ville")
    visitor.favourites.add(*zoo.beasts)
    deletion = delete_object(root=zoo.park)

    restore_deletion(deletion=deletion)

    assert set(visitor.favourites.all()) == set(zoo.beasts)


def test_a_set_null_link_to_something_restored_still_holds() -> None:
    zoo = Zoo()
    keeper = Keeper.objects.create(name="Aino", park=zoo.park)
    Enclosure.objects.filter(pk=zoo.cages[0].pk).update(keeper=keeper)

    restore_deletion(deletion=delete_object(root=zoo.park))

    assert Enclosure.objects.get(pk=zoo.cages[0].pk).keeper == keeper


@pytest.mark.parametrize("state", [DeletionState.PURGING, DeletionState.PURGED])
def test_what_is_being_purged_does_not_come_back(state: str) -> None:
    deletion = delete_object(root=Zoo().park)
    Deletion.objects.update(state=state)

    with pytest.raises(PurgeStarted):
        restore_deletion(deletion=deletion)


def test_an_app_can_object_to_a_restore_by_todays_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = Zoo()
    deletion = delete_object(root=zoo.park)

    def object_to_all(affected: Affected) -> list[Objection]:
        return [Objection("FULL", f"No room for {affected.rows(Animal).count()} animals.")]

    monkeypatch.setattr(hooks.may_restore, "_functions", [object_to_all])

    with pytest.raises(Refused, match="No room for 4 animals"):
        restore_deletion(deletion=deletion)


def test_an_app_looks_before_rows_come_back_and_acts_after(monkeypatch: pytest.MonkeyPatch) -> None:
    zoo, seen = Zoo(), []
    deletion = delete_object(root=zoo.park)

    def watch(affected: Affected) -> Callable[[], None]:
        cages = list(affected.rows(Enclosure).values_list("pk", flat=True))
        return lambda: seen.append(Enclosure.objects.filter(pk__in=cages).count())

    monkeypatch.setattr(hooks.rows_restoring, "_functions", [watch])
    restore_deletion(deletion=deletion)

    assert seen == [2]


class TestPlan:
    def test_it_shows_what_comes_back_and_what_waits_for_something_else(self) -> None:
        zoo = Zoo(1, 4)
        first, second = delete_object(root=zoo.cages[0]), delete_object(root=zoo.species[0])
        Animal._base_manager.filter(deletion_id=first.pk).count()

        plan = plan_restore(deletion=first)

        assert plan.counts == {"zoo.enclosure": 1, "zoo.animal": 2}
        assert plan.staying == {"zoo.animal": 2}
        assert plan_restore(deletion=second).counts == {"zoo.species": 1}

    def test_it_counts_rows_below_those_that_wait(self) -> None:
        zoo = Zoo(1, 2)
        Animal.objects.create(name="Cub", tag="c", enclosure=zoo.cages[0], mother=zoo.beasts[0])
        first = delete_object(root=zoo.cages[0])
        delete_object(root=zoo.species[0])

        plan = plan_restore(deletion=first)
        restore_deletion(deletion=first)

        assert (plan.counts, plan.staying) == ({"zoo.enclosure": 1, "zoo.animal": 1}, {"zoo.animal": 2})
        assert Animal.objects.count() == 1

    def test_it_names_collisions_and_what_stands_above(self) -> None:
        zoo = Zoo()
        child = delete_object(root=zoo.cages[0])
        Enclosure.objects.create(park=zoo.park, number=1)
        parent = delete_object(root=zoo.park)

        plan = plan_restore(deletion=child)

        assert ([value.field for value in plan.conflicts], plan.ancestors) == ([], (parent,))
        restore_deletion(deletion=parent)
        plan = plan_restore(deletion=child)
        assert ([value.field for value in plan.conflicts], plan.ancestors) == (["number"], ())

    def test_its_token_stands_for_what_was_asked_for_and_not_for_the_ancestors(self) -> None:
        zoo = Zoo()
        child = delete_object(root=zoo.cages[0])
        delete_object(root=zoo.park)

        restore_deletion(deletion=child, with_ancestors=True, plan=plan_restore(deletion=child).token)

        assert Enclosure.objects.count() == 2

    def test_a_restore_with_its_token_runs_while_nothing_changed(self) -> None:
        deletion = delete_object(root=Zoo().park)

        restore_deletion(deletion=deletion, plan=plan_restore(deletion=deletion).token)

        assert Animal.objects.count() == 4

    def test_a_restore_with_its_token_is_refused_once_something_changed(self) -> None:
        zoo = Zoo()
        deletion = delete_object(root=zoo.park)
        token = plan_restore(deletion=deletion).token
        Park.objects.create(name=zoo.park.name)

        with pytest.raises(PlanOutdated) as refusal:
            restore_deletion(deletion=deletion, plan=token, changes={"name": "Old park"})

        assert refusal.value.extra["plan"]["conflicts"][0]["field"] == "name"  # type: ignore[index]
        assert Animal.objects.count() == 0
