"""What django-safedelete gets wrong, or leaves to its users: each once on Podium's models."""

from __future__ import annotations

import ast
import importlib.metadata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from safedelete.signals import post_softdelete, post_undelete, pre_softdelete

from apps.core.errors import StaleVersion
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.errors import DeletedRow
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import delete_object, restore_deletion
from config.env import ROOT
from tests.factories.zoo import Zoo
from tests.zoo.models import Animal, Enclosure, Keeper, Park, PeerBranch, PeerTree, Visitor

pytestmark = pytest.mark.django_db


class TestSave:
    def test_a_deleted_row_is_not_saved_back_to_life(self) -> None:
        zoo = Zoo()
        delete_object(root=zoo.park)
        park = Park.all_objects.get(pk=zoo.park.pk)
        park.name = "Back"

        with pytest.raises(DeletedRow):
            park.save()

        assert not Park.objects.exists()

    def test_a_row_that_was_read_before_the_delete_is_not_saved_back_to_life(self) -> None:
        zoo = Zoo()
        stale = Park.objects.get(pk=zoo.park.pk)
        delete_object(root=zoo.park)

        with pytest.raises(StaleVersion), transaction.atomic():
            stale.save()

        assert not Park.objects.exists()

    def test_a_row_that_was_read_before_delete_and_restore_is_stale(self) -> None:
        zoo = Zoo()
        stale = Park.objects.get(pk=zoo.park.pk)
        restore_deletion(deletion=delete_object(root=zoo.park))

        with pytest.raises(StaleVersion):
            stale.save()

    def test_the_peer_does_bring_it_back(self) -> None:
        tree = PeerTree.objects.create(name="Oak")
        stale = PeerTree.objects.get(pk=tree.pk)
        tree.delete()
        stale.save()

        assert PeerTree.objects.filter(pk=tree.pk).exists()

    def test_update_or_create_makes_a_new_row_beside_a_deleted_one(self) -> None:
        old = Park.objects.create(name="Ähtäri")
        delete_object(root=old)

        new, created = Park.objects.update_or_create(name="Ähtäri")

        assert (created, new.pk == old.pk) == (True, False)
        assert not Park.objects.filter(pk=old.pk).exists()

    def test_delete_by_the_instance_leaves_it_in_step_with_the_database(self) -> None:
        park = Zoo().park
        total, counts = park.delete()

        stored = Park.all_objects.get(pk=park.pk)
        assert (total, counts) == (7, {"zoo.park": 1, "zoo.enclosure": 2, "zoo.animal": 4})
        assert (park.deleted_at, park.deletion_id, park.version) == (
            stored.deleted_at,
            stored.deletion_id,
            stored.version,
        )


class TestDelete:
    def test_it_writes_no_column_that_it_does_not_own(self) -> None:
        """The peer saves all columns: what somebody else changed meanwhile is lost."""
        tree = PeerTree.objects.create(name="Oak")
        stale = PeerTree.objects.get(pk=tree.pk)
        PeerTree.objects.filter(pk=tree.pk).update(name="Elm")
        stale.delete()
        assert PeerTree.all_objects.get(pk=tree.pk).name == "Oak"

        park = Park.objects.create(name="Oak park")
        held = Park.objects.get(pk=park.pk)
        Park.objects.filter(pk=park.pk).update(name="Elm park")
        held.delete()
        assert Park.all_objects.get(pk=park.pk).name == "Elm park"

    def test_it_is_one_transaction(self, monkeypatch: pytest.MonkeyPatch) -> None:
        zoo = Zoo()
        monkeypatch.setattr(Deletion.of_all_organizations, "bulk_create", fail)

        with pytest.raises(OSError, match="the disk is full"):
            delete_object(root=zoo.park)

        assert (Park.objects.count(), Animal.objects.count()) == (1, 4)

    def test_the_root_is_locked_first(self) -> None:
        zoo = Zoo()

        with CaptureQueriesContext(connection) as queries:
            delete_object(root=zoo.park)

        locking = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
        assert 'JOIN "zoo_park" m' in locking[0]
        assert all('"zoo_park" m' not in later for later in locking[1:])

    def test_the_peer_takes_more_queries_for_more_rows(self) -> None:
        counts = []
        for size in (1, 5):
            tree = PeerTree.objects.create(name="Oak")
            PeerBranch.objects.bulk_create([PeerBranch(tree=tree, name="b") for _ in range(size)])
            with CaptureQueriesContext(connection) as queries:
                tree.delete()
            counts.append(len(queries))

        assert counts[1] > counts[0]


def fail(*_args: object, **_kwargs: object) -> None:
    raise OSError("the disk is full")


class TestUpdate:
    def test_all_objects_updates_what_it_shows(self) -> None:
        """The peer updates nothing and says nothing."""
        tree = PeerTree.objects.create(name="Oak")
        tree.delete()
        assert PeerTree.all_objects.filter(pk=tree.pk).update(name="Elm") == 0

        park = Park.objects.create(name="Oak park")
        delete_object(root=park)
        assert Park.all_objects.filter(pk=park.pk).update(name="Elm park") == 1
        assert Park.all_objects.get(pk=park.pk).name == "Elm park"

    def test_objects_updates_live_rows_only(self) -> None:
        live, dead = Park.objects.create(name="Live"), Park.objects.create(name="Dead")
        delete_object(root=dead)

        assert Park.objects.filter(pk__in=[live.pk, dead.pk]).update(name="Renamed") == 1
        assert Park.all_objects.get(pk=dead.pk).name == "Dead"

    def test_deleted_objects_updates_deleted_rows_only(self) -> None:
        live, dead = Park.objects.create(name="Live"), Park.objects.create(name="Dead")
        delete_object(root=dead)

        assert Park.deleted_objects.update(name="Renamed") == 1
        assert Park.objects.get(pk=live.pk).name == "Live"

    def test_the_base_manager_and_all_with_deleted_write_to_deleted_rows(self) -> None:
        park = Park.objects.create(name="Dead")
        delete_object(root=park)

        assert Park._base_manager.filter(pk=park.pk).update(name="A") == 1
        assert Park.objects.all_with_deleted().filter(pk=park.pk).update(name="B") == 1


class TestUndelete:
    @pytest.mark.parametrize(
        "undelete", [lambda park: park.undelete(), lambda _: Park.deleted_objects.all().undelete()]
    )
    def test_there_is_no_other_way_back_than_the_deletion(self, undelete: Any) -> None:
        park = Zoo().park
        delete_object(root=park)

        with pytest.raises(TypeError, match="Restore the"):
            undelete(park)

    def test_one_event_and_no_signal_for_each_row(self) -> None:
        zoo, sent = Zoo(), []

        def note(sender: Any, **kwargs: Any) -> None:
            sent.append((sender, kwargs.get("instance")))

        signals = (pre_softdelete, post_softdelete, post_undelete, post_save)
        for signal in signals:
            signal.connect(note)
        try:
            restore_deletion(deletion=delete_object(root=zoo.park))
        finally:
            for signal in signals:
                signal.disconnect(note)

        assert [sender for sender, _ in sent if sender in {Park, Enclosure, Animal}] == []
        assert list(OutboxMessage.objects.order_by("id").values_list("type", flat=True)) == [
            "park.deleted",
            "park.restored",
        ]


class TestLeaks:
    """Where a join could show deleted rows."""

    @pytest.fixture
    def zoo(self) -> Zoo:
        """Its first enclosure, with two of four animals, is deleted; so is its second species."""
        zoo = Zoo()
        Visitor.objects.create(name="Ville").favourites.add(*zoo.beasts)
        delete_object(root=zoo.cages[0])
        return zoo

    def test_reverse_lists(self, zoo: Zoo) -> None:
        assert list(zoo.park.enclosures.all()) == [zoo.cages[1]]
        assert zoo.park.enclosures.count() == 1

    def test_prefetches(self, zoo: Zoo) -> None:
        (park,) = Park.objects.prefetch_related("enclosures__animals")
        assert [list(cage.animals.all()) for cage in park.enclosures.all()] == [zoo.beasts[2:]]
        (park,) = Park.objects.prefetch_related(Prefetch("enclosures", Enclosure.objects.all()))
        assert list(park.enclosures.all()) == [zoo.cages[1]]

    def test_many_to_many_lists(self, zoo: Zoo) -> None:
        visitor = Visitor.objects.prefetch_related("favourites").get()
        assert set(visitor.favourites.all()) == set(zoo.beasts[2:])
        assert visitor.favourites.count() == 2

    def test_subqueries(self, zoo: Zoo) -> None:
        animals = Animal.objects.filter(enclosure=OuterRef("pk"))
        assert Enclosure.all_objects.filter(Exists(animals)).count() == 1
        assert list(Park.objects.filter(pk__in=Enclosure.objects.filter(number=1).values("park"))) == []

    def test_set_operations(self, zoo: Zoo) -> None:
        both = Animal.objects.filter(tag="0").union(Animal.objects.filter(tag="1"))
        assert set(both) == set(zoo.beasts[2:])
        assert set(Animal.objects.filter(tag="0") | Animal.objects.filter(tag="1")) == set(zoo.beasts[2:])

    @pytest.mark.parametrize(
        "read",
        [
            lambda: Animal.objects.aggregate(n=Count("pk"))["n"],
            lambda: Animal.objects.filter().count(),
            lambda: len(Animal.objects.values_list("pk")),
            lambda: len(Animal.objects.in_bulk()),
            lambda: len(list(Animal.objects.iterator())),
            lambda: len(Animal.objects.order_by("pk")[:10]),
            lambda: Animal.objects.filter(Q(tag="0") | Q(tag="1")).distinct().count(),
            lambda: len({Animal.objects.earliest("created_at"), Animal.objects.latest("created_at")}),
            lambda: Animal.objects.select_related("enclosure").count(),
        ],
    )
    def test_reads_of_the_default_manager(self, zoo: Zoo, read: Any) -> None:
        assert read() == 2

    def test_a_live_row_never_refers_to_a_deleted_parent(self, zoo: Zoo) -> None:
        assert Animal.objects.filter(enclosure__deleted_at__isnull=False).count() == 0
        assert all(animal.enclosure.deleted_at is None for animal in Animal.objects.select_related("enclosure"))

    def test_a_link_to_a_deleted_row_reads_as_none(self) -> None:
        zoo = Zoo()
        keeper = Keeper.objects.create(name="Aino", park=Zoo().park)
        Enclosure.objects.filter(pk=zoo.cages[0].pk).update(keeper=keeper)
        deletion = delete_object(root=keeper)

        for queryset in (
            Enclosure.objects.all(),
            Enclosure.objects.select_related("keeper"),
            Enclosure.objects.prefetch_related("keeper"),
        ):
            assert queryset.get(pk=zoo.cages[0].pk).keeper is None
        restore_deletion(deletion=deletion)
        assert Enclosure.objects.get(pk=zoo.cages[0].pk).keeper == keeper

    def test_a_count_over_a_join_says_how_to_leave_deleted_rows_out(self, zoo: Zoo) -> None:
        """Django joins the table itself; `live_count` adds the condition."""
        from apps.core.softdelete.fields import live_count  # noqa: PLC0415

        (park,) = Park.objects.annotate(joined=Count("enclosures"), live=live_count("enclosures"))
        assert (park.joined, park.live) == (2, 1)

    def test_get_of_a_deleted_row_is_as_if_it_never_was(self, zoo: Zoo) -> None:
        with pytest.raises(Enclosure.DoesNotExist):
            Enclosure.objects.get(pk=zoo.cages[0].pk)
        with pytest.raises(Enclosure.DoesNotExist):
            Enclosure.objects.get(pk=new_id())


class TestUnique:
    def test_a_name_is_free_again_after_a_delete(self) -> None:
        delete_object(root=Park.objects.create(name="Ähtäri"))

        assert Park.objects.create(name="ähtäri").name == "ähtäri"

    def test_validation_of_forms_does_not_count_deleted_rows(self) -> None:
        delete_object(root=Park.objects.create(name="Ähtäri"))

        Park(name="Ähtäri").full_clean()


def test_the_version_that_we_know_is_pinned_exactly() -> None:
    installed = importlib.metadata.version("django-safedelete")
    wanted = [line for line in (ROOT / "requirements/base.in").read_text().splitlines() if "safedelete" in line]

    assert [line.split("#")[0].strip() for line in wanted] == [f"django-safedelete=={installed}"]


def test_nobody_counts_over_a_join_without_leaving_deleted_rows_out() -> None:
    """`Count("relation")` would count deleted rows; `live_count` does not."""
    found = []
    for place, call in calls({"Count", "Sum", "Avg", "Max", "Min"}):
        argument = call.args[0] if call.args else None
        text = argument.value if isinstance(argument, ast.Constant) else ""
        filtered = any(keyword.arg == "filter" for keyword in call.keywords)
        if isinstance(text, str) and crosses_to_many(text) and not filtered:
            found.append(f"{place} {text}")

    assert found == []


def test_nobody_filters_over_a_join_without_leaving_deleted_rows_out() -> None:
    """`filter(relation__field=...)` finds what only a deleted row has, unless the same call asks for live ones."""
    found = []
    for place, call in calls({"filter", "exclude", "get", "Q"}):
        names = [keyword.arg for keyword in call.keywords if keyword.arg]
        asked_live = {name.partition("__")[0] for name in names if "__deleted_at" in name}
        over_many = (name for name in names if crosses_to_many(name))
        found += [f"{place} {name}" for name in over_many if name.partition("__")[0] not in asked_live]

    assert found == []


def calls(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Every call of something with one of these names in our code, and where it stands."""
    for place, call in every_call():
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in names:
            yield place, call


@cache
def every_call() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path in sorted(Path(ROOT / "apps").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


@cache
def to_many() -> frozenset[str]:
    """The names by which a row's children are looked up, where they can be deleted."""
    return frozenset(
        str(relation.name)
        for model in apps.get_models()
        for relation in model._meta.related_objects
        if relation.related_model.__module__.startswith("apps.")
        if issubclass(relation.related_model, SoftDeletedModel)
    )


def crosses_to_many(path: str) -> bool:
    return not to_many().isdisjoint(path.split("__"))
