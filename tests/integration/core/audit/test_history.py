"""Nothing that is written escapes the history, whoever writes it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.core.audit.models import AuditRecord
from apps.core.correlation.context import correlated, new_correlation, set_actor
from apps.core.ids import new_id
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.core.tenancy import organization_scope
from tests.factories.events import EventFactory
from tests.factories.zoo import Zoo
from tests.zoo.models import Animal, Enclosure, Park, Species, Visitor

pytestmark = pytest.mark.django_db


def history(row_id: UUID) -> list[tuple[str, object, object]]:
    return list(AuditRecord.objects.filter(row_id=row_id).order_by("id").values_list("action", "old", "new"))


def test_a_new_row_is_recorded_with_its_content() -> None:
    park = Park.objects.create(name="Ähtäri")

    assert history(park.pk) == [("created", None, {"name": "Ähtäri"})]


def test_a_change_is_recorded_with_what_differs_and_nothing_else() -> None:
    zoo = Zoo(1, 1)
    animal = zoo.beasts[0]
    animal.name = "Nuutti"

    animal.save()

    assert history(animal.pk)[1:] == [("changed", {"name": "Animal 0"}, {"name": "Nuutti"})]


def test_a_raw_update_is_recorded_with_the_database_user() -> None:
    park = Park.objects.create(name="Ähtäri")

    with connection.cursor() as cursor:
        cursor.execute("UPDATE zoo_park SET name = 'Korkeasaari' WHERE id = %s", [park.pk])
        cursor.execute("SELECT session_user")
        (user,) = cursor.fetchone()

    record = AuditRecord.objects.get(row_id=park.pk, action="changed")
    assert (record.old, record.new) == ({"name": "Ähtäri"}, {"name": "Korkeasaari"})
    assert (record.actor_id, record.correlation_id, record.database_user) == (None, None, user)


def test_a_raw_update_in_a_transaction_that_names_its_story_carries_it() -> None:
    park, actor = Park.objects.create(name="Ähtäri"), new_id()

    with connection.connection.cursor() as psql:
        psql.execute("SELECT set_config('podium.correlation_id', 'ticket-4711', true)")
        psql.execute("SELECT set_config('podium.actor_id', %s, true)", [str(actor)])
        psql.execute("UPDATE zoo_park SET name = 'Korkeasaari'")

    record = AuditRecord.objects.get(row_id=park.pk, action="changed")
    assert (record.actor_id, record.correlation_id) == (actor, "ticket-4711")


def test_a_bulk_update_is_recorded_row_by_row_with_actor_and_correlation_id() -> None:
    zoo, actor = Zoo(1, 3), new_id()
    for number, animal in enumerate(zoo.beasts):
        animal.name = f"Renamed {number}"

    with correlated(new_correlation(correlation_id="story-7")):
        set_actor(actor)
        Animal.objects.bulk_update(zoo.beasts, ["name"])

    records = AuditRecord.objects.filter(action="changed").order_by("new__name")
    assert [record.new for record in records] == [{"name": f"Renamed {number}"} for number in range(3)]
    assert {(record.actor_id, record.correlation_id) for record in records} == {(actor, "story-7")}


def test_an_executemany_is_recorded_with_actor_and_correlation_id() -> None:
    zoo, actor = Zoo(1, 2), new_id()

    with correlated(new_correlation(correlation_id="story-8")), connection.cursor() as cursor:
        set_actor(actor)
        cursor.executemany(
            "UPDATE zoo_animal SET name = %s WHERE id = %s", [("A", zoo.beasts[0].pk), ("B", zoo.beasts[1].pk)]
        )

    records = AuditRecord.objects.filter(action="changed")
    assert {(record.actor_id, record.correlation_id) for record in records} == {(actor, "story-8")}
    assert records.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_change_from_async_code_carries_its_story() -> None:
    park = Park.objects.create(name="Ähtäri")

    async def rename() -> None:
        with correlated(new_correlation(correlation_id="story-9")):
            row = await Park.objects.aget(pk=park.pk)
            row.name = "Korkeasaari"
            await row.asave()

    async_to_sync(rename)()

    assert AuditRecord.objects.get(row_id=park.pk, action="changed").correlation_id == "story-9"


def test_each_story_in_one_transaction_keeps_its_own_id() -> None:
    for story in ("one", "two"):
        with correlated(new_correlation(correlation_id=story)):
            Park.objects.create(name=story)
    Park.objects.create(name="none")

    recorded = {r.new["name"]: r.correlation_id for r in AuditRecord.objects.filter(model="zoo.park")}
    assert recorded == {"one": "one", "two": "two", "none": None}


def test_a_story_survives_a_savepoint_that_was_rolled_back() -> None:
    with correlated(new_correlation(correlation_id="story-10")):
        undone = transaction.savepoint()
        Park.objects.create(name="Undone")
        transaction.savepoint_rollback(undone)
        park = Park.objects.create(name="Done")

    assert AuditRecord.objects.get(row_id=park.pk).correlation_id == "story-10"


def test_the_organization_is_that_of_the_row() -> None:
    event = EventFactory.create()

    with organization_scope(event.organization_id):
        assert AuditRecord.objects.get(row_id=event.pk).organization_id == event.organization_id
    with organization_scope(new_id()):
        assert not AuditRecord.objects.exists()


def test_a_cascade_is_recorded_once_for_each_table_with_its_deletion() -> None:
    zoo = Zoo(2, 3)

    deletion = delete_object(root=zoo.park)
    restore_deletion(deletion=deletion)

    records = AuditRecord.objects.filter(deletion_id=deletion.pk).order_by("id")
    assert [(r.action, r.model, r.count, r.row_id) for r in records] == [
        (action, model, count, None)
        for action in ("deleted", "restored")
        for model, count in (("zoo.park", 1), ("zoo.enclosure", 2), ("zoo.animal", 6))
    ]


def test_generations_of_one_table_are_counted_once() -> None:
    zoo = Zoo(1, 1)
    line = [zoo.beasts[0]]
    for generation in range(4):
        line.append(Animal.objects.create(name="Cub", tag=f"c{generation}", enclosure=zoo.cages[0], mother=line[-1]))

    deletion = delete_object(root=line[0])

    counts = AuditRecord.objects.filter(deletion_id=deletion.pk).values_list("count", flat=True)
    assert sum(counts) == 5


def test_the_cascade_is_seen_by_the_organization_whose_rows_went() -> None:
    event = EventFactory.create()
    deletion = delete_object(root=event)

    assert set(AuditRecord.objects.filter(deletion_id=deletion.pk).values_list("organization_id", flat=True)) == {
        event.organization_id
    }


def test_a_secret_is_recorded_as_changed_and_not_what_it_was() -> None:
    visitor = Visitor.objects.create(name="Ville", code="1234")
    visitor.code, visitor.name = "9876", "Wille"
    visitor.save()

    assert history(visitor.pk) == [
        ("created", None, {"name": "Ville"}),
        ("changed", {"name": "Ville", "code": "•••"}, {"name": "Wille", "code": "•••"}),
    ]


def test_the_password_of_a_person_is_a_secret() -> None:
    user = User.objects.create_user("aino@example.org", "first password")

    assert "password" not in history(user.pk)[0][2]  # type: ignore[operator]


def test_a_silent_column_leaves_no_trace() -> None:
    visitor = Visitor.objects.create(name="Ville")

    Visitor.objects.filter(pk=visitor.pk).update(seen_at="2026-11-01T12:00Z")

    assert [action for action, _, _ in history(visitor.pk)] == ["created"]


@pytest.mark.parametrize("statement", ["UPDATE core_auditrecord SET new = '{}'", "DELETE FROM core_auditrecord"])
def test_history_is_written_once(statement: str) -> None:
    Park.objects.create(name="Ähtäri")

    with pytest.raises(IntegrityError, match="history is written once"), connection.cursor() as cursor:
        cursor.execute(statement)


class TestMarks:
    """Rows are marked as deleted, come back and are removed by a deletion only."""

    def test_a_raw_update_does_not_bring_a_deleted_row_back(self) -> None:
        zoo = Zoo(1, 1)
        delete_object(root=zoo.park)

        with pytest.raises(IntegrityError, match="deleted and restored by a deletion only"):
            Animal._base_manager.update(deleted_at=None, deletion_id=None)

    def test_a_raw_update_does_not_mark_a_row_as_deleted(self) -> None:
        zoo = Zoo(1, 1)

        with pytest.raises(IntegrityError, match="deleted and restored by a deletion only"):
            Park._base_manager.filter(pk=zoo.park.pk).update(deleted_at="2026-11-01T12:00Z", deletion_id=new_id())

    def test_half_a_mark_is_refused(self) -> None:
        zoo = Zoo(1, 1)

        with pytest.raises(IntegrityError, match="zoo_park_deleted_by_a_deletion"):
            Park._base_manager.filter(pk=zoo.park.pk).update(deleted_at="2026-11-01T12:00Z")

    def test_a_live_row_is_never_removed(self) -> None:
        zoo = Zoo(1, 1)

        with (
            pytest.raises(IntegrityError, match="live rows of zoo_animal are never removed"),
            connection.cursor() as c,
        ):
            c.execute("DELETE FROM zoo_animal WHERE id = %s", [zoo.beasts[0].pk])

    def test_a_raw_removal_of_deleted_rows_is_recorded_row_by_row(self) -> None:
        animal = Zoo(1, 1).beasts[0]
        deletion = delete_object(root=animal)

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM zoo_animal WHERE id = %s", [animal.pk])

        record = AuditRecord.objects.get(row_id=animal.pk, action="purged")
        assert (record.deletion_id, record.old["name"]) == (deletion.pk, "Animal 0")


class TestParents:
    """No row is live under a deleted one, however it is written."""

    def test_an_insert_under_a_deleted_parent_is_refused(self) -> None:
        zoo = Zoo(1, 0)
        delete_object(root=zoo.park)

        with pytest.raises(IntegrityError, match="live under a deleted row of zoo_park"):
            Enclosure.objects.create(park_id=zoo.park.pk, number=9)

    def test_one_bad_row_stops_a_bulk_insert(self) -> None:
        good, bad = Zoo(1, 0), Zoo(1, 0)
        delete_object(root=bad.cages[0])
        rows = [Animal(name="A", tag=str(n), enclosure_id=good.cages[0].pk) for n in range(50)]

        with pytest.raises(IntegrityError, match="live under a deleted row of zoo_enclosure"), transaction.atomic():
            Animal.objects.bulk_create([*rows, Animal(name="B", tag="b", enclosure_id=bad.cages[0].pk)])

        assert Animal.objects.count() == 0

    @pytest.mark.parametrize(
        "move",
        [
            lambda row, cage: Animal.objects.filter(pk=row.pk).update(enclosure=cage),
            lambda row, cage: Animal.objects.bulk_update([Animal(pk=row.pk, enclosure=cage)], ["enclosure"]),
        ],
        ids=["update", "bulk_update"],
    )
    def test_a_move_under_a_deleted_parent_is_refused(self, move: Callable[[Animal, Enclosure], object]) -> None:
        zoo = Zoo(2, 1)
        delete_object(root=zoo.cages[1])

        with pytest.raises(IntegrityError, match="live under a deleted row of zoo_enclosure"):
            move(zoo.beasts[0], zoo.cages[1])

    def test_a_link_to_a_deleted_row_is_refused_for_new_rows_even_where_it_may_be_null(self) -> None:
        zoo = Zoo(1, 0)
        lynx = zoo.species[0]
        delete_object(root=lynx)

        with pytest.raises(IntegrityError, match="live under a deleted row of zoo_species"):
            Animal.objects.create(name="A", tag="a", enclosure=zoo.cages[0], species_id=lynx.pk)


def test_the_cost_of_a_row_does_not_grow_with_the_number_of_rows() -> None:
    cage, tags = Zoo(1, 0).cages[0], itertools.count()

    def insert(count: int) -> float:
        rows = [Species(name=f"Species {n}") for n in range(count)]
        started = time.perf_counter()
        Species.objects.bulk_create(rows, batch_size=10_000)
        return (time.perf_counter() - started) / count

    def insert_with_parents(count: int) -> float:
        rows = [Animal(name="A", tag=str(next(tags)), enclosure=cage) for _ in range(count)]
        started = time.perf_counter()
        Animal.objects.bulk_create(rows)
        return (time.perf_counter() - started) / count

    for measure in (insert, insert_with_parents):
        measure(1_000)
        few = min(measure(10_000) for _ in range(2))
        # Four times as many rows: a quadratic cost is four times as high each time; a busy moment passes.
        assert any(measure(40_000) < 2 * few for _ in range(3))
