"""A preview tells what the delete then does, and lets apps look at the same rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from apps.core.softdelete import hooks
from apps.core.softdelete.errors import Protected
from apps.core.softdelete.hooks import Affected
from apps.core.softdelete.services import delete_object, preview_deletion
from tests.factories.zoo import Zoo
from tests.zoo.models import Animal, Enclosure, Lease, Park, Plaque, Ticket, Visitor

pytestmark = pytest.mark.django_db

Seen = list[dict[str, set[UUID]]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """The rows that an app is shown when it is asked whether they may go, at each asking."""
    found: Seen = []

    def look(affected: Affected) -> list[hooks.Objection]:
        models: tuple[Any, ...] = (Park, Enclosure, Animal, Lease, Plaque, Ticket, Visitor)
        found.append({model.__name__: set(affected.rows(model).values_list("pk", flat=True)) for model in models})
        return []

    monkeypatch.setattr(hooks.may_delete, "_functions", [look])
    return found


def family(zoo: Zoo) -> None:
    """Every animal is the mother of the next one, in another cage or not."""
    for mother, young in zip(zoo.beasts, zoo.beasts[1:], strict=False):
        Animal.objects.filter(pk=young.pk).update(mother=mother)


def test_it_counts_what_the_delete_takes_and_shows_the_same_rows(seen: Seen) -> None:
    zoo, other = Zoo(enclosures=3, animals=3), Zoo()
    family(zoo)
    for subject in (zoo.park, zoo.cages[0], other.park):
        Plaque.objects.create(subject=subject, text="In memory")
    Lease.objects.create(enclosure=zoo.cages[0], park=zoo.park)
    delete_object(root=zoo.beasts[-1])
    seen.clear()

    preview = preview_deletion(roots=zoo.park)
    deletion = delete_object(root=zoo.park)

    assert preview.counts == deletion.counts
    assert preview.counts["zoo.animal"] == 8
    assert preview.total == sum(deletion.counts.values())
    shown, gone = seen
    assert shown == gone
    assert (len(shown["Animal"]), len(shown["Plaque"]), len(shown["Lease"]), shown["Ticket"]) == (8, 1, 1, set())


def test_a_family_goes_with_its_mother_and_is_counted_once(seen: Seen) -> None:
    zoo = Zoo()
    family(zoo)
    Animal.objects.filter(pk=zoo.beasts[0].pk).update(mother=zoo.beasts[-1])  # a circle

    preview = preview_deletion(roots=zoo.beasts[1])

    assert preview.counts == {"zoo.animal": 4}
    assert delete_object(root=zoo.beasts[1]).counts == preview.counts
    assert seen[0] == seen[1]


def test_a_deleted_row_would_take_nothing() -> None:
    zoo = Zoo()
    delete_object(root=zoo.cages[0])

    assert preview_deletion(roots=zoo.cages[0]).counts == {}


def test_what_forbids_the_delete_is_told_before() -> None:
    zoo, other = Zoo(), Zoo()
    lease = Lease.objects.create(enclosure=zoo.cages[0], park=other.park)

    (restricting,) = preview_deletion(roots=zoo.park).protected_by
    with pytest.raises(Protected) as refusal:
        delete_object(root=zoo.park)

    assert (restricting.child, restricting.field) == ("zoo.lease", "enclosure")
    assert refusal.value.extra["protected_by"] == [
        {"model": "zoo.lease", "field": "enclosure", "of": "zoo.enclosure"}
    ]

    Lease.objects.filter(pk=lease.pk).update(park=zoo.park)
    assert preview_deletion(roots=zoo.park).is_possible
    Ticket.objects.create(park=zoo.park)
    assert [key.child for key in preview_deletion(roots=zoo.park).protected_by] == ["zoo.ticket"]
