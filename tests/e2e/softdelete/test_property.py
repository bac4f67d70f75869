"""Random work on the zoo against a model of it in memory: the same rows are visible, and every restore is exact."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.core.softdelete.errors import ParentDeleted, RestoreConflict
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object, plan_restore, restore_deletion
from apps.core.softdelete.services.purging import claim, purge_claimed
from apps.core.tenancy import platform_scope
from tests.zoo.models import Animal, Enclosure, Keeper, Park, Species

SCALE = int(os.environ.get("SCALE", "1"))
MODELS: dict[str, Any] = {
    "park": Park,
    "species": Species,
    "keeper": Keeper,
    "enclosure": Enclosure,
    "animal": Animal,
}
PARENTS = {
    "park": {},
    "species": {},
    "keeper": {"park": "park"},
    "enclosure": {"park": "park"},
    "animal": {"enclosure": "enclosure", "species": "species", "mother": "animal"},
}
UNIQUE = {"park": ("name",), "enclosure": ("park", "number"), "animal": ("enclosure", "tag")}


@dataclass
class Row:
    """A row as it should be. `values` holds its own columns and, by id, its parents and links."""

    model: str
    id: UUID
    values: dict[str, Any]
    deletion: UUID | None = None

    @property
    def key(self) -> tuple[Any, ...] | None:
        """What must be unique among live rows."""
        if self.model not in UNIQUE:
            return None
        return (self.model, *(str(self.values[name]).lower() for name in UNIQUE[self.model]))


@dataclass
class Book:
    """What should be in the database."""

    rows: dict[UUID, Row] = field(default_factory=dict)
    roots: dict[UUID, UUID] = field(default_factory=dict)

    def live(self, model: str) -> list[Row]:
        return [row for row in self.rows.values() if row.model == model and row.deletion is None]

    def held(self) -> list[UUID]:
        """The deletions that still hold their root, oldest first."""
        return sorted(deletion for deletion, root in self.roots.items() if self.rows[root].deletion == deletion)

    def parents(self, row: Row) -> list[Row]:
        ids = (row.values[name] for name in PARENTS[row.model])
        return [self.rows[parent] for parent in ids if parent is not None]

    def children(self, parent: Row) -> Iterator[Row]:
        return (row for row in self.rows.values() if parent in self.parents(row))

    def delete(self, root: Row, deletion: UUID) -> dict[str, int]:
        counts: dict[str, int] = {}
        self.roots[deletion] = root.id
        waiting = [root]
        while waiting:
            row = waiting.pop()
            if row.deletion is None:
                row.deletion = deletion
                counts[f"zoo.{row.model}"] = counts.get(f"zoo.{row.model}", 0) + 1
                waiting += self.children(row)
        return counts

    def comes_back(self, deletion: UUID) -> list[Row]:
        """The rows of a deletion whose parents are live, or come back too."""
        held = {row.id for row in self.rows.values() if row.deletion == deletion}
        while True:
            waiting = {
                key
                for key in held
                if any(p.deletion is not None and p.id not in held for p in self.parents(self.rows[key]))
            }
            if not waiting:
                return [self.rows[key] for key in held]
            held -= waiting

    def collisions(self, back: list[Row]) -> set[UUID]:
        """The rows of `back` whose key a live row has, or an older one that comes back too."""
        taken = {row.key for model in MODELS for row in self.live(model)}
        found = set()
        for row in sorted(back, key=lambda row: row.id):
            if row.key and row.key in taken:
                found.add(row.id)
            taken.add(row.key)
        return found

    def below(self, gone: set[UUID]) -> set[UUID]:
        """`gone`, and every row that can't be without one of them."""
        while more := {
            row.id
            for row in self.rows.values()
            if row.id not in gone and any(p.id in gone for p in self.parents(row))
        }:
            gone |= more
        return gone


class ZooMachine(RuleBasedStateMachine):
    """Creates, deletes, restores, renames, moves, purges."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = platform_scope("a property test")
        self.scope.__enter__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.book = Book()
        self.counter = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        self.scope.__exit__(None, None, None)

    def fresh(self) -> int:
        self.counter += 1
        return self.counter

    def pick(self, data: st.DataObject, rows: list[Any]) -> Any:
        return rows[data.draw(st.integers(0, len(rows) - 1))]

    def add(self, model: str, **values: Any) -> None:
        columns = {f"{k}_id" if k in PARENTS[model] or k == "keeper" else k: v for k, v in values.items()}
        row = MODELS[model].objects.create(**columns)
        self.book.rows[row.pk] = Row(model, row.pk, values)

    @initialize()
    def begin(self) -> None:
        """Two parks of two enclosures, with mothers and cubs of two species."""
        for name in ("Lynx", "Otter"):
            self.add("species", name=name)
        species = self.book.live("species")
        for _ in range(2):
            self.add("park", name=f"Park {self.fresh()}")
            park = self.book.live("park")[-1]
            self.add("keeper", park=park.id, name="Aino")
            for kind in species:
                keeper = self.book.live("keeper")[-1]
                self.add("enclosure", park=park.id, keeper=keeper.id, number=self.fresh())
                self.family(self.book.live("enclosure")[-1], kind)

    def family(self, cage: Row, species: Row) -> None:
        mother = None
        for _ in range(2):
            tag = str(self.fresh())
            self.add("animal", name="Cub", tag=tag, enclosure=cage.id, species=species.id, mother=mother)
            mother = self.book.live("animal")[-1].id

    @precondition(lambda self: self.book.live("enclosure") and self.book.live("species"))
    @rule(data=st.data())
    def create_family(self, data: st.DataObject) -> None:
        self.family(self.pick(data, self.book.live("enclosure")), self.pick(data, self.book.live("species")))

    @rule(data=st.data())
    def create_park(self, data: st.DataObject) -> None:
        """Sometimes under a name that was used before."""
        used = [row.values["name"] for row in self.book.rows.values() if row.model == "park"]
        name = self.pick(data, [*used, f"Park {self.fresh()}"])
        if ("park", name.lower()) not in {row.key for row in self.book.live("park")}:
            self.add("park", name=name)

    @rule()
    def create_species(self) -> None:
        self.add("species", name=f"Species {self.fresh()}")

    @precondition(lambda self: self.book.live("park"))
    @rule(data=st.data())
    def create_in_park(self, data: st.DataObject) -> None:
        park = self.pick(data, self.book.live("park"))
        number = self.pick(data, [1, 2, self.fresh()])
        self.add("keeper", park=park.id, name="Aino")
        if ("enclosure", str(park.id), str(number)) not in {row.key for row in self.book.live("enclosure")}:
            keeper = self.pick(data, [None, *[row.id for row in self.book.live("keeper")]])
            self.add("enclosure", park=park.id, keeper=keeper, number=number)

    @precondition(lambda self: self.book.live("enclosure"))
    @rule(data=st.data())
    def create_animal(self, data: st.DataObject) -> None:
        cage = self.pick(data, self.book.live("enclosure"))
        tag = str(self.pick(data, [1, 2, self.fresh()]))
        if ("animal", str(cage.id), tag) in {row.key for row in self.book.live("animal")}:
            return
        species = self.pick(data, [None, *[row.id for row in self.book.live("species")]])
        mother = self.pick(data, [None, *[row.id for row in self.book.live("animal")]])
        self.add("animal", name="Cub", tag=tag, enclosure=cage.id, species=species, mother=mother)

    @precondition(lambda self: len(self.book.live("animal")) > 2)
    @rule(data=st.data(), model=st.sampled_from(sorted(MODELS)))
    def delete(self, data: st.DataObject, model: str) -> None:
        self.delete_one(data, model)

    @rule(data=st.data())
    def delete_a_diamond_by_one_side(self, data: st.DataObject) -> None:
        self.delete_one(data, "enclosure")

    @rule(data=st.data())
    def delete_a_diamond_by_the_other_side(self, data: st.DataObject) -> None:
        self.delete_one(data, "species")

    @rule(data=st.data())
    def delete_a_mother(self, data: st.DataObject) -> None:
        self.delete_one(data, "animal")

    def delete_one(self, data: st.DataObject, model: str) -> None:
        live = self.book.live(model)
        if live:
            root = self.pick(data, live)
            deletion = delete_object(root=MODELS[model].objects.get(pk=root.id))
            assert deletion.counts == self.book.delete(root, deletion.pk)

    @rule(data=st.data())
    def take_the_place_of_something_deleted(self, data: st.DataObject) -> None:
        """So that its restore collides."""
        taken = {row.key for model in MODELS for row in self.book.live(model)}
        free = [
            row
            for row in self.book.rows.values()
            if row.deletion
            and row.key
            and row.key not in taken
            and not any(p.deletion for p in self.book.parents(row))
        ]
        if free:
            row = self.pick(data, free)
            links = {"mother": None, "species": None} if row.model == "animal" else {}
            links |= {"keeper": None} if row.model == "enclosure" else {}
            self.add(row.model, **{**row.values, **links})

    @precondition(lambda self: self.book.live("enclosure"))
    @rule(data=st.data())
    def hand_a_row_over_to_the_deletion_of_its_heir(self, data: st.DataObject) -> None:
        """Then two rows of one deletion want the same place."""
        self.add("species", name=f"Species {self.fresh()}")
        species, cage = self.book.live("species")[-1], self.pick(data, self.book.live("enclosure"))
        place = {"tag": str(self.fresh()), "enclosure": cage.id, "mother": None}
        self.add("animal", name="Cub", species=species.id, **place)
        with_species = delete_object(root=Species.objects.get(pk=species.id))
        self.book.delete(species, with_species.pk)
        self.add("animal", name="Cub", species=None, **place)
        with_cage = delete_object(root=Enclosure.objects.get(pk=cage.id))
        self.book.delete(cage, with_cage.pk)
        self.restore_by_id(with_species.pk, with_ancestors=False)

    @precondition(lambda self: self.book.live("park"))
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        if data.draw(st.booleans()) and self.book.live("animal"):
            self.move(data)
        else:
            self.rename(data)

    def rename(self, data: st.DataObject) -> None:
        """To a name that may be taken: then the database refuses."""
        park = self.pick(data, self.book.live("park"))
        name = self.pick(data, [row.values["name"] for row in self.book.rows.values() if row.model == "park"])
        others = {row.key for row in self.book.live("park") if row.id != park.id}
        try:
            with transaction.atomic():
                Park.objects.filter(pk=park.id).update(name=name)
        except IntegrityError:
            assert ("park", name.lower()) in others
        else:
            assert ("park", name.lower()) not in others
            park.values["name"] = name

    def move(self, data: st.DataObject) -> None:
        animal, cage = self.pick(data, self.book.live("animal")), self.pick(data, self.book.live("enclosure"))
        tag = str(self.fresh())
        Animal.objects.filter(pk=animal.id).update(enclosure=cage.id, tag=tag)
        animal.values |= {"enclosure": cage.id, "tag": tag}

    @precondition(lambda self: self.book.held())
    @rule(data=st.data(), with_ancestors=st.booleans())
    def restore(self, data: st.DataObject, with_ancestors: bool) -> None:
        """Any deletion that can be restored by its state."""
        self.restore_by_id(self.pick(data, self.book.held()), with_ancestors=with_ancestors)

    @precondition(lambda self: self.book.held())
    @rule()
    def restore_the_latest(self) -> None:
        self.restore_by_id(self.book.held()[-1], with_ancestors=False)

    @precondition(lambda self: len(self.book.held()) > 1)
    @rule()
    def restore_the_one_before(self) -> None:
        """With a later one in between, as diamonds like it."""
        self.restore_by_id(self.book.held()[-2], with_ancestors=False)

    def restore_by_id(self, deletion_id: UUID, *, with_ancestors: bool) -> None:
        deletion = Deletion.objects.get(pk=deletion_id)
        assert deletion.state == DeletionState.DELETED
        root = self.book.rows[self.book.roots[deletion_id]]
        above = {row.deletion for row in self.book.parents(root) if row.deletion is not None}
        if above and not with_ancestors:
            with pytest.raises(ParentDeleted) as refusal:
                restore_deletion(deletion=deletion)
            assert {UUID(found["id"]) for found in refusal.value.extra["deletions"]} == above  # type: ignore[attr-defined]
            return
        if above:
            self.restore_with_ancestors(deletion)
        else:
            self.restore_one(deletion)

    def restore_one(self, deletion: Deletion) -> None:
        back = self.book.comes_back(deletion.pk)
        collisions = self.book.collisions(back)
        plan = plan_restore(deletion=deletion)
        assert sum(plan.counts.values()) == len(back)
        assert collisions == {value.id for value in plan.conflicts}
        if collisions:
            with pytest.raises(RestoreConflict) as conflict:
                restore_deletion(deletion=deletion, plan=plan.token)
            found: Any = conflict.value.extra["conflicts"]
            assert collisions == {UUID(taken["id"]) for taken in found}
            self.check()
            restore_deletion(deletion=deletion, changes=self.solve(found))
        else:
            restore_deletion(deletion=deletion, plan=plan.token)
        self.settle(deletion.pk, back)

    def solve(self, conflicts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        changes: dict[str, dict[str, Any]] = {}
        for found in conflicts:
            new = self.fresh() + 1000
            value = {"park": f"Park {new}", "enclosure": new, "animal": str(new)}[found["model"].partition(".")[2]]
            changes[found["id"]] = {found["field"]: value}
            self.book.rows[UUID(found["id"])].values[found["field"]] = value
        return changes

    def settle(self, deletion: UUID, back: list[Row]) -> None:
        """Note what came back, and which deletion the others belong to now: that of a parent of theirs."""
        for row in back:
            row.deletion = None
        for row in [row for row in self.book.rows.values() if row.deletion == deletion]:
            row.deletion = MODELS[row.model].all_objects.get(pk=row.id).deletion_id
        for row in self.book.rows.values():
            if row.deletion is not None and row.deletion not in self.held_by_root(row):
                above = {parent.deletion for parent in self.book.parents(row)}
                assert row.deletion in above

    def held_by_root(self, row: Row) -> set[UUID]:
        return {deletion for deletion, root in self.book.roots.items() if root == row.id} | {
            parent.deletion for parent in self.book.parents(row) if parent.deletion is not None
        }

    def restore_with_ancestors(self, deletion: Deletion) -> None:
        """By the book one after the other, from the top; in the database at once."""
        changes: dict[str, dict[str, Any]] = {}
        while not self.is_restored_with_ancestors(deletion, changes):
            pass
        restored = set(Deletion.objects.filter(state=DeletionState.RESTORED).values_list("pk", flat=True))
        for row in self.book.rows.values():
            if row.deletion in restored:
                row.deletion = MODELS[row.model].all_objects.get(pk=row.id).deletion_id
        for row in self.book.rows.values():
            blocked = any(parent.deletion is not None for parent in self.book.parents(row))
            assert (row.deletion is None) <= (not blocked)
        root = self.book.rows[self.book.roots[deletion.pk]]
        assert root.deletion is None

    def is_restored_with_ancestors(self, deletion: Deletion, changes: dict[str, dict[str, Any]]) -> bool:
        """Otherwise `changes` knows how to solve one more deletion's conflicts."""
        try:
            restore_deletion(deletion=deletion, with_ancestors=True, changes=changes)
        except RestoreConflict as conflict:
            if not changes:
                self.check()
            found: Any = conflict.extra["conflicts"]
            assert not changes.keys() & {taken["id"] for taken in found}
            changes |= self.solve(found)
            return False
        return True

    @precondition(lambda self: len(self.book.held()) > 3)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        deletion_id = self.pick(data, self.book.held())
        Deletion.objects.filter(pk=deletion_id).update(expires_at="2020-01-01T00:00Z")
        held = {row.id for row in self.book.rows.values() if row.deletion == deletion_id}
        assert claim(deletion_id=deletion_id)
        assert purge_claimed(deletion_id=deletion_id, batch=3)
        gone = self.book.below(held)
        for row in [row for row in self.book.rows.values() if row.id in gone]:
            del self.book.rows[row.id]
        for row in self.book.rows.values():
            if row.values.get("keeper") in gone:
                row.values["keeper"] = None
        self.book.roots = {deletion: root for deletion, root in self.book.roots.items() if root in self.book.rows}

    @invariant()
    def check(self) -> None:
        """The same rows are visible, with the same values, and the others are deleted by the same deletions."""
        for name, model in MODELS.items():
            columns = [f"{c}_id" if c in PARENTS[name] or c == "keeper" else c for c in self.columns(name)]
            stored = {row[0]: row[1:] for row in model.all_objects.values_list("pk", "deletion_id", *columns)}
            expected = {
                row.id: (row.deletion, *(row.values[column] for column in self.columns(name)))
                for row in self.book.rows.values()
                if row.model == name
            }
            assert stored == expected
            visible = set(model.objects.values_list("pk", flat=True))
            assert visible == {row.id for row in self.book.live(name)}

    def columns(self, model: str) -> list[str]:
        return {
            "park": ["name"],
            "species": ["name"],
            "keeper": ["park"],
            "enclosure": ["park", "keeper", "number"],
            "animal": ["enclosure", "species", "mother", "tag"],
        }[model]


@pytest.mark.django_db
@pytest.mark.timeout(900)
def test_the_database_agrees_with_a_model_in_memory_after_thousands_of_steps() -> None:
    run_state_machine_as_test(
        ZooMachine,
        settings=settings(
            max_examples=60 * SCALE,
            stateful_step_count=80,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            derandomize=False,
        ),
    )
