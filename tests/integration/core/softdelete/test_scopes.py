"""Hooks look at the rows of a deletion, whatever scope its caller is in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.contests.models import Contest, Judge
from apps.core.softdelete import hooks
from apps.core.softdelete.hooks import Affected
from apps.core.softdelete.models import DeletionState
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.core.softdelete.services.planning import plan_restore
from apps.core.softdelete.services.previewing import preview_deletion
from apps.core.softdelete.services.purging import claim, purge_claimed
from apps.core.tenancy import Scope, current_scope, enter_scope, organization_scope, platform_scope
from apps.events.models import Event
from tests.conftest import FakeClock
from tests.factories.accounts import MembershipFactory, OrganizationFactory
from tests.factories.contests import ContestFactory, JudgeFactory
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db

ABOUT_ROWS = ("may_delete", "may_restore", "restore_effects", "may_purge", "rows_deleted", "rows_restoring")


@pytest.fixture(autouse=True)
def _outside_any_scope(_on_the_platform: None) -> None:
    enter_scope(None)


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch) -> dict[str, UUID | None]:
    """The organization that each hook ran in, filled as they run."""
    seen: dict[str, UUID | None] = {}

    def organization() -> UUID | None:
        scope = current_scope()
        assert scope is not None
        return scope.organization_id

    def watch(name: str, answer: Any) -> Callable[[Affected], Any]:
        def function(affected: Affected) -> Any:
            del affected
            seen[name] = organization()
            return answer

        return function

    def after(name: str) -> Callable[[], None]:
        return lambda: seen.update({f"after {name}": organization()})

    for name in ABOUT_ROWS:
        answer = after(name) if name == "rows_restoring" else ()
        monkeypatch.setattr(getattr(hooks, name), "_functions", [watch(name, answer)])
    monkeypatch.setattr(hooks.rows_purging, "_functions", [watch("rows_purging", after("rows_purging"))])
    return seen


def test_a_person_is_deleted_and_restored_outside_any_scope() -> None:
    member = MembershipFactory(role=Role.JUDGE)
    judge = JudgeFactory(organization=member.organization, user=member.user)

    preview = preview_deletion(roots=member.user)
    deletion = delete_object(root=member.user)
    assert deletion.counts == preview.counts
    assert plan_restore(deletion=deletion).counts == deletion.counts
    restore_deletion(deletion=deletion)

    assert User.objects.filter(pk=member.user.pk).exists()
    with platform_scope("a test"):
        assert list(Membership.objects.filter(pk=member.pk)) == [member]
        assert list(Judge.objects.filter(pk=judge.pk)) == [judge]


def test_an_organization_is_deleted_and_restored_outside_any_scope() -> None:
    contest = ContestFactory()

    deletion = delete_object(root=contest.organization)
    restore_deletion(deletion=deletion)

    assert Organization.objects.filter(pk=contest.organization.pk).exists()
    with organization_scope(contest.organization.pk):
        assert list(Contest.objects.all()) == [contest]


@pytest.mark.parametrize("scope", [None, Scope(None, "staff"), Scope(UUID(int=1))], ids=["no", "all", "another"])
def test_hooks_run_in_the_organization_of_the_rows(
    scopes: dict[str, UUID | None], scope: Scope | None, fake_clock: FakeClock
) -> None:
    event = EventFactory()
    organization = event.organization_id

    enter_scope(scope)
    preview_deletion(roots=event)
    deletion = delete_object(root=event)
    plan_restore(deletion=deletion)
    restore_deletion(deletion=deletion)
    again = delete_object(root=event)
    fake_clock.advance(timedelta(days=400).total_seconds())
    assert claim(deletion_id=again.pk)
    assert purge_claimed(deletion_id=again.pk)

    names = [*ABOUT_ROWS, "after rows_restoring", "rows_purging", "after rows_purging"]
    assert scopes == dict.fromkeys(names, organization)
    assert current_scope() == scope
    again.refresh_from_db()
    assert again.state == DeletionState.PURGED


def test_a_bulk_delete_over_organizations_tells_each_of_its_own(scopes: dict[str, UUID | None]) -> None:
    events = EventFactory.create_batch(2)
    told: list[UUID | None] = []
    hooks.rows_deleted._functions.append(lambda affected: told.append(affected.organization_id))

    with platform_scope("a test"):
        total, _ = Event.objects.all().delete()

    assert total == 2
    assert told == sorted(event.organization_id for event in events)
    assert scopes["rows_deleted"] == told[-1]


def test_a_platform_deletion_asks_in_the_scope_of_the_platform(scopes: dict[str, UUID | None]) -> None:
    organization = OrganizationFactory()

    with organization_scope(organization.pk):
        restore_deletion(deletion=delete_object(root=MembershipFactory(organization=organization).user))

    assert scopes["rows_deleted"] is None
    assert scopes["rows_restoring"] is None
