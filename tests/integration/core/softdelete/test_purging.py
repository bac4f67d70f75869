"""What nobody restored in time goes for good, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.contenttypes.models import ContentType

from apps.accounts.enums import Role
from apps.accounts.policies import MemberAccess
from apps.core.audit.models import AuditRecord
from apps.core.errors import Forbidden, Invalid
from apps.core.ids import new_id
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete import hooks
from apps.core.softdelete.errors import OnHold, PurgeStarted, Refused
from apps.core.softdelete.forecast import forecast_purges
from apps.core.softdelete.hooks import Affected, Objection
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.services import delete_object, plan_restore, restore_deletion
from apps.core.softdelete.services.holding import set_legal_hold
from apps.core.softdelete.services.purging import claim, purge_by_hand, purge_claimed, purge_due
from tests.conftest import FakeClock
from tests.factories.events import EventFactory
from tests.factories.zoo import Zoo
from tests.zoo.models import Animal, Camera, Enclosure, Keeper, Lease, Park, Plaque, Postcard, Ticket, Visitor

pytestmark = pytest.mark.django_db

DAY = 86_400


def rows(*models: type) -> dict[str, int]:
    return {model.__name__: model._base_manager.count() for model in models}  # type: ignore[attr-defined]


def expire() -> None:
    Deletion.of_all_organizations.update(expires_at="2020-01-01T00:00Z")


def object_to_everything(_affected: Affected) -> list[Objection]:
    return [Objection("CERTIFIED", "Certified.")]


def test_nothing_goes_before_its_time(fake_clock: FakeClock) -> None:
    deletion = delete_object(root=Zoo().park)
    fake_clock.advance(30 * DAY - 1)
    early = purge_due()
    fake_clock.advance(1)

    assert (early, purge_due()) == (0, 1)
    deletion.refresh_from_db()
    assert (deletion.state, deletion.purged_at) == (DeletionState.PURGED, fake_clock.now())


def test_a_purge_removes_what_the_deletion_holds_and_nothing_else() -> None:
    zoo, other = Zoo(), Zoo()
    delete_object(root=zoo.park)
    expire()

    purge_due()

    assert rows(Park, Enclosure, Animal) == {"Park": 1, "Enclosure": 2, "Animal": 4}
    assert set(Animal.objects.all()) == set(other.beasts)


def test_a_purge_by_batches_ends_with_the_same_rows_gone() -> None:
    zoo = Zoo(3, 7)
    deletion = delete_object(root=zoo.park)
    expire()
    claim(deletion_id=deletion.pk)

    assert purge_claimed(deletion_id=deletion.pk, batch=2)

    assert rows(Park, Enclosure, Animal) == {"Park": 0, "Enclosure": 0, "Animal": 0}


def test_the_generations_of_one_table_go_youngest_first() -> None:
    zoo = Zoo(1, 1)
    line = [zoo.beasts[0]]
    for generation in range(6):
        line.append(Animal.objects.create(name="Cub", tag=f"c{generation}", enclosure=zoo.cages[0], mother=line[-1]))
    deletion = delete_object(root=line[0])
    expire()
    claim(deletion_id=deletion.pk)

    assert purge_claimed(deletion_id=deletion.pk, batch=3)
    assert rows(Animal) == {"Animal": 0}


def test_what_set_null_deferred_happens_now() -> None:
    zoo = Zoo()
    keeper = Keeper.objects.create(name="Aino", park=Zoo().park)
    Enclosure.objects.filter(pk=zoo.cages[0].pk).update(keeper=keeper)
    delete_object(root=keeper)
    expire()

    purge_due()

    assert Enclosure.objects.get(pk=zoo.cages[0].pk).keeper_id is None


def test_rows_without_soft_delete_go_or_forget_as_their_keys_say() -> None:
    zoo = Zoo()
    Camera.objects.create(enclosure=zoo.cages[0])
    Postcard.objects.create(animal=zoo.beasts[0])
    Visitor.objects.create(name="Ville").favourites.add(*zoo.beasts)
    Plaque.objects.create(
        subject_type=ContentType.objects.get_for_model(Park), subject_id=str(zoo.park.pk), text="1889"
    )
    delete_object(root=zoo.park)
    expire()

    purge_due()

    assert rows(Camera, Postcard, Visitor, Plaque) == {"Camera": 0, "Postcard": 1, "Visitor": 1, "Plaque": 0}
    assert Postcard.objects.get().animal_id is None
    assert Visitor.favourites.through.objects.count() == 0


def test_rows_that_were_deleted_before_go_with_what_they_belong_to() -> None:
    zoo = Zoo()
    Ticket.objects.create(park=zoo.park)
    Lease.objects.create(enclosure=zoo.cages[0], park=zoo.park)
    earlier = [delete_object(root=Ticket.objects.get()), delete_object(root=zoo.beasts[0])]
    later = delete_object(root=zoo.park)
    Deletion.objects.filter(pk=later.pk).update(expires_at="2020-01-01T00:00Z")

    purge_due()

    assert rows(Park, Enclosure, Animal, Ticket, Lease) == dict.fromkeys(
        ["Park", "Enclosure", "Animal", "Ticket", "Lease"], 0
    )
    states = Deletion.objects.filter(pk__in=[d.pk for d in earlier]).values_list("state", flat=True)
    assert set(states) == {DeletionState.PURGED}


def test_a_legal_hold_keeps_a_deletion() -> None:
    deletion = delete_object(root=Zoo().park)
    Deletion.objects.update(legal_hold=True)
    expire()

    assert purge_due() == 0
    Deletion.objects.update(legal_hold=False)
    assert purge_due() == 1
    deletion.refresh_from_db()
    assert deletion.state == DeletionState.PURGED


def test_a_legal_hold_below_keeps_everything_above() -> None:
    zoo = Zoo()
    below, above = delete_object(root=zoo.beasts[0]), delete_object(root=zoo.park)
    Deletion.objects.filter(pk=below.pk).update(legal_hold=True)
    expire()

    assert purge_due() == 0
    above.refresh_from_db()
    assert above.state == DeletionState.DELETED
    assert rows(Animal) == {"Animal": 4}


def test_an_app_that_objects_postpones_a_purge(monkeypatch: pytest.MonkeyPatch) -> None:
    delete_object(root=Zoo().park)
    expire()
    monkeypatch.setattr(hooks.may_purge, "_functions", [object_to_everything])
    postponed = purge_due()
    monkeypatch.setattr(hooks.may_purge, "_functions", [])

    assert (postponed, purge_due()) == (0, 1)


def test_a_purge_that_fails_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, other = delete_object(root=Zoo().park), delete_object(root=Zoo().park)
    expire()
    assert claim(deletion_id=broken.pk)

    def fail(affected: Affected) -> None:
        if affected.deletions == (broken.pk,):
            raise LookupError("of the broken one")

    monkeypatch.setattr(hooks.rows_purging, "_functions", [fail])

    with pytest.raises(LookupError, match="of the broken one"):
        purge_due()

    states = dict(Deletion.objects.values_list("pk", "state"))
    assert states == {broken.pk: DeletionState.PURGING, other.pk: DeletionState.PURGED}


def test_a_restore_can_not_follow_a_claim_nor_a_claim_a_restore() -> None:
    first, second = delete_object(root=Zoo().park), delete_object(root=Zoo().park)
    expire()
    restore_deletion(deletion=second)

    assert (claim(deletion_id=first.pk), claim(deletion_id=second.pk)) == (True, False)
    with pytest.raises(PurgeStarted):
        restore_deletion(deletion=first)


def test_a_purge_that_was_cut_short_is_taken_up_again() -> None:
    zoo = Zoo(2, 4)
    deletion = delete_object(root=zoo.park)
    expire()
    claim(deletion_id=deletion.pk)
    Deletion.objects.update(expires_at="2099-01-01T00:00Z")

    assert purge_due() == 1
    assert rows(Park, Enclosure, Animal) == {"Park": 0, "Enclosure": 0, "Animal": 0}


def test_every_batch_tells_the_apps_which_rows_go(monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = Zoo(1, 5)
    deletion = delete_object(root=zoo.park)
    seen: list[UUID] = []
    gone: list[bool] = []

    def remember(affected: Affected) -> Callable[[], None]:
        ids = list(affected.rows(Animal).values_list("pk", flat=True))
        seen.extend(ids)
        return lambda: gone.append(not Animal._base_manager.filter(pk__in=ids).exists())

    monkeypatch.setattr(hooks.rows_purging, "_functions", [remember])
    expire()
    claim(deletion_id=deletion.pk)
    purge_claimed(deletion_id=deletion.pk, batch=2)

    assert sorted(seen) == sorted(beast.pk for beast in zoo.beasts)
    assert set(gone) == {True}


def test_history_and_the_outbox_say_what_was_purged() -> None:
    deletion = delete_object(root=Zoo().park)
    expire()

    purge_due()

    recorded = AuditRecord.objects.filter(deletion_id=deletion.pk, action="purged")
    assert dict(recorded.values_list("model", "count")) == {"zoo.park": 1, "zoo.enclosure": 2, "zoo.animal": 4}
    assert OutboxMessage.objects.filter(type="park.purged").count() == 1


class TestByHand:
    def access(self, deletion: Deletion, role: Role = Role.OWNER) -> MemberAccess:
        assert deletion.organization_id is not None
        return MemberAccess(new_id(), deletion.organization_id, role)

    def test_an_owner_who_types_the_label_purges_at_once(
        self, django_capture_on_commit_callbacks: Callable[..., object]
    ) -> None:
        deletion = delete_object(root=EventFactory.create(name="Winter cup"))

        purge_by_hand(deletion=deletion, access=self.access(deletion), label="Winter cup")
        assert purge_claimed(deletion_id=deletion.pk)

        deletion.refresh_from_db(from_queryset=Deletion.of_all_organizations.all())
        assert deletion.state == DeletionState.PURGED

    def test_another_label_is_refused(self) -> None:
        deletion = delete_object(root=EventFactory.create(name="Winter cup"))

        with pytest.raises(Invalid):
            purge_by_hand(deletion=deletion, access=self.access(deletion), label="winter cup")

    def test_an_admin_is_no_owner(self) -> None:
        deletion = delete_object(root=EventFactory.create(name="Winter cup"))

        with pytest.raises(Forbidden):
            purge_by_hand(deletion=deletion, access=self.access(deletion, Role.ADMIN), label="Winter cup")

    def test_a_hold_and_an_objection_stand_against_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        deletion = delete_object(root=EventFactory.create(name="Winter cup"))
        set_legal_hold(deletion=deletion, access=self.access(deletion, Role.ADMIN), hold=True)
        with pytest.raises(OnHold):
            purge_by_hand(deletion=deletion, access=self.access(deletion), label="Winter cup")

        set_legal_hold(deletion=deletion, access=self.access(deletion, Role.ADMIN), hold=False)
        monkeypatch.setattr(hooks.may_purge, "_functions", [object_to_everything])
        with pytest.raises(Refused):
            purge_by_hand(deletion=deletion, access=self.access(deletion), label="Winter cup")


def test_a_hold_is_for_admins_and_for_what_is_still_there() -> None:
    deletion = delete_object(root=EventFactory.create())
    organizer = MemberAccess(new_id(), deletion.organization_id, Role.ORGANIZER)  # type: ignore[arg-type]
    admin = MemberAccess(new_id(), deletion.organization_id, Role.ADMIN)  # type: ignore[arg-type]

    with pytest.raises(Forbidden):
        set_legal_hold(deletion=deletion, access=organizer, hold=True)
    restore_deletion(deletion=deletion)
    with pytest.raises(PurgeStarted):
        set_legal_hold(deletion=deletion, access=admin, hold=True)


def test_the_forecast_counts_by_day_and_names_what_is_held(fake_clock: FakeClock) -> None:
    start = fake_clock.now()
    delete_object(root=Zoo(1, 1).park)
    delete_object(root=Zoo(1, 2).park)
    fake_clock.advance(2 * DAY)
    delete_object(root=Zoo(1, 1).park)
    held = delete_object(root=Zoo(1, 1).park)
    Deletion.objects.filter(pk=held.pk).update(legal_hold=True)

    fake_clock.advance(DAY)
    forecast = forecast_purges(days=30)
    assert [(day.date, day.deletions, day.rows) for day in forecast.days] == [
        ((start + timedelta(days=30)).date(), 2, 7),
        ((start + timedelta(days=32)).date(), 1, 3),
    ]
    assert (forecast.overdue, [deletion.pk for deletion in forecast.held]) == (0, [held.pk])

    fake_clock.advance(28 * DAY)
    assert forecast_purges(days=1).overdue == 2


def test_the_forecast_leaves_out_what_a_hold_below_keeps(fake_clock: FakeClock) -> None:
    """Whatever stands between, and however late the hold itself would expire."""
    zoo, other = Zoo(1, 2), Zoo(1, 1)
    animal = delete_object(root=zoo.beasts[0])
    cage, park = delete_object(root=zoo.cages[0]), delete_object(root=zoo.park)
    delete_object(root=other.park)
    Deletion.objects.filter(pk=animal.pk).update(legal_hold=True, expires_at=fake_clock.now() + timedelta(days=3000))

    forecast = forecast_purges(days=60)

    assert [day.deletions for day in forecast.days] == [1]
    assert ([deletion.pk for deletion in forecast.kept], forecast.held) == ([cage.pk, park.pk], [])
    fake_clock.advance(61 * DAY)
    assert (purge_due(), Park._base_manager.count(), Animal._base_manager.count()) == (1, 1, 2)


def test_a_reference_that_names_nothing_stops_no_restore_and_no_purge() -> None:
    zoo = Zoo()
    kind = ContentType.objects.get_for_model(Park)
    lost = Plaque.objects.create(subject_type=kind, subject_id="no id at all", text="Lost")
    of_plaque, of_park = delete_object(root=lost), delete_object(root=zoo.park)

    assert plan_restore(deletion=of_plaque).is_possible
    restore_deletion(deletion=of_plaque)
    assert Plaque.objects.filter(pk=lost.pk).exists()

    delete_object(root=lost)
    Deletion.objects.filter(pk=of_park.pk).update(expires_at="2020-01-01T00:00Z")
    assert purge_due() == 1
    assert not Park._base_manager.filter(pk=zoo.park.pk).exists()
