"""One delete is one deletion, set by set."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.correlation.context import correlated, new_correlation
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete import hooks
from apps.core.softdelete.errors import AlreadyDeleted, Protected, Refused
from apps.core.softdelete.hooks import Affected, Objection
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object, delete_rows
from tests.factories.zoo import Zoo
from tests.zoo.models import (
    Animal,
    Camera,
    Enclosure,
    Keeper,
    Lease,
    Park,
    Plaque,
    Postcard,
    Species,
    Ticket,
    Visitor,
)

pytestmark = pytest.mark.django_db


def deleted(model: Any) -> set[Any]:
    return set(model.deleted_objects.values_list("pk", flat=True))


def test_a_delete_takes_what_is_below_and_nothing_else() -> None:
    zoo, other = Zoo(), Zoo()

    deletion = delete_object(root=zoo.park)

    assert deletion.counts == {"zoo.park": 1, "zoo.enclosure": 2, "zoo.animal": 4}
    assert deleted(Animal) == {animal.pk for animal in zoo.beasts}
    assert set(Animal.objects.all()) == set(other.beasts)
    assert Species.objects.count() == 4


def test_every_row_says_who_took_it_when_and_by_which_deletion() -> None:
    zoo, actor = Zoo(), new_id()

    deletion = delete_object(root=zoo.park, actor_id=actor, reason="Moved to Oulu")

    marks = set(Animal.all_objects.values_list("deleted_at", "deleted_by", "deletion_id"))
    assert marks == {(deletion.created_at, actor, deletion.pk)}
    assert (deletion.deleted_by, deletion.reason, deletion.root_label) == (actor, "Moved to Oulu", zoo.park.name)


def test_the_deletion_carries_the_correlation_id_and_expires_after_the_retention() -> None:
    zoo = Zoo()

    with correlated(new_correlation(correlation_id="story-7")):
        deletion = delete_object(root=zoo.park)

    assert (deletion.correlation_id, deletion.state) == ("story-7", DeletionState.DELETED)
    assert deletion.expires_at == deletion.created_at + timedelta(days=30)


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows() -> None:
    small, large = Zoo(1, 1), Zoo(10, 30)
    counts = []
    ContentType.objects.get_for_model(Park)  # Django asks for it once a process

    for zoo in (small, large):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            delete_object(root=zoo.park)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_deleting_twice_is_refused_and_changes_nothing() -> None:
    zoo = Zoo()
    delete_object(root=zoo.park)

    with pytest.raises(AlreadyDeleted):
        delete_object(root=zoo.park)

    assert Deletion.objects.count() == 1


def test_rows_that_were_deleted_before_keep_their_own_deletion() -> None:
    zoo = Zoo()
    earlier = delete_object(root=zoo.beasts[0])

    later = delete_object(root=zoo.park)

    assert later.counts["zoo.animal"] == 3
    assert Animal.all_objects.get(pk=zoo.beasts[0].pk).deletion_id == earlier.pk


def test_a_bulk_delete_makes_a_deletion_for_each_root_in_a_constant_number_of_queries() -> None:
    few, many = Zoo(2, 3), Zoo(12, 3)
    counts = []

    for zoo in (few, many):
        with CaptureQueriesContext(connection) as queries:
            total, models = delete_rows(Enclosure.objects.filter(park=zoo.park))
        counts.append(len(queries))
        assert (total, models) == (
            zoo.enclosures * 4,
            {"zoo.enclosure": zoo.enclosures, "zoo.animal": zoo.enclosures * 3},
        )

    assert counts[0] == counts[1]
    assert Deletion.objects.filter(counts={"zoo.enclosure": 1, "zoo.animal": 3}).count() == 14


def test_a_model_below_itself_goes_with_all_its_generations() -> None:
    zoo = Zoo(1, 1)
    mother = zoo.beasts[0]
    line = [mother]
    elsewhere = Zoo(1, 0).cages[0]
    for generation in range(5):
        line.append(Animal.objects.create(name="Cub", tag=f"c{generation}", enclosure=elsewhere, mother=line[-1]))

    deletion = delete_object(root=line[2])

    assert deletion.counts == {"zoo.animal": 4}
    assert set(Animal.objects.filter(pk__in=[row.pk for row in line])) == set(line[:2])


def test_generic_children_go_and_those_of_other_models_with_the_same_id_stay() -> None:
    zoo = Zoo()
    of_park = Plaque.objects.create(subject=zoo.park, text="Opened in 1889")
    of_another_type = Plaque.objects.create(
        subject_type=ContentType.objects.get_for_model(Species), subject_id=str(zoo.park.pk), text="Same id"
    )

    deletion = delete_object(root=zoo.park)

    assert deletion.counts["zoo.plaque"] == 1
    assert deleted(Plaque) == {of_park.pk}
    assert Plaque.objects.get() == of_another_type


def test_set_null_is_left_for_the_purge_so_that_the_link_survives_a_restore() -> None:
    zoo = Zoo()
    keeper = Keeper.objects.create(name="Aino", park=Zoo().park)
    Enclosure.objects.filter(pk=zoo.cages[0].pk).update(keeper=keeper)

    delete_object(root=keeper)

    assert Enclosure.objects.get(pk=zoo.cages[0].pk).keeper_id == keeper.pk


def test_many_to_many_rows_stay_and_lists_over_them_show_live_rows() -> None:
    zoo = Zoo()
    visitor = Visitor.objects.create(name="Ville")
    visitor.favourites.add(*zoo.beasts)

    delete_object(root=zoo.cages[0])

    assert set(visitor.favourites.all()) == set(zoo.beasts[2:])
    assert Visitor.favourites.through.objects.count() == 4


def test_rows_of_models_without_soft_delete_stay_until_the_purge() -> None:
    zoo = Zoo()
    Camera.objects.create(enclosure=zoo.cages[0])
    Postcard.objects.create(animal=zoo.beasts[0])

    delete_object(root=zoo.park)

    assert (Camera.objects.count(), Postcard.objects.filter(animal__isnull=False).count()) == (1, 1)


def test_a_live_row_protects_and_the_refusal_names_its_model() -> None:
    zoo = Zoo()
    ticket = Ticket.objects.create(park=zoo.park)

    with pytest.raises(Protected) as refusal:
        delete_object(root=zoo.park)

    assert refusal.value.extra["protected_by"] == [{"model": "zoo.ticket", "field": "park", "of": "zoo.park"}]
    assert Animal.objects.count() == 4

    delete_object(root=ticket)
    assert delete_object(root=zoo.park).counts["zoo.animal"] == 4


def test_a_restricting_row_stands_in_the_way_unless_it_goes_too() -> None:
    zoo = Zoo()
    Lease.objects.create(enclosure=zoo.cages[0], park=zoo.park)

    with pytest.raises(Protected):
        delete_object(root=zoo.cages[0])

    assert delete_object(root=zoo.park).counts["zoo.lease"] == 1


def test_an_app_that_objects_stops_the_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = Zoo()

    def object_to_otters(affected: Affected) -> list[Objection]:
        held = affected.rows(Animal).filter(species__name="Otter")
        return [Objection("OTTERS", f"{held.count()} otters live there.")] if held.exists() else []

    monkeypatch.setattr(hooks.may_delete, "_functions", [object_to_otters])

    with pytest.raises(Refused) as refusal:
        delete_object(root=zoo.park)

    assert refusal.value.extra["objections"] == [
        {"code": "OTTERS", "detail": "2 otters live there.", "model": "", "ids": []}
    ]
    assert Park.objects.get() == zoo.park


def test_one_event_tells_of_one_deletion_in_its_transaction() -> None:
    zoo = Zoo()

    deletion = delete_object(root=zoo.park)

    (message,) = OutboxMessage.objects.all()
    assert (message.type, message.subject) == ("park.deleted", f"park/{zoo.park.pk}")
    assert message.data == {
        "id": str(zoo.park.pk),
        "deletion": str(deletion.pk),
        "counts": {"zoo.park": 1, "zoo.enclosure": 2, "zoo.animal": 4},
    }


def test_only_the_columns_of_deletion_and_the_version_change() -> None:
    zoo = Zoo()
    before = Animal._base_manager.filter(pk=zoo.beasts[0].pk).values().get()
    Animal._base_manager.filter(pk=zoo.beasts[0].pk).update(name="Renamed meanwhile")

    delete_object(root=zoo.park)

    after = Animal._base_manager.filter(pk=zoo.beasts[0].pk).values().get()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "deleted_at", "deletion_id", "version"}
    assert after["name"] == "Renamed meanwhile"
