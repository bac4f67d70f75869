"""Who may do what."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.accounts.enums import Role
from apps.accounts.models import Organization, User
from apps.accounts.policies import (
    ALLOWED,
    MemberAccess,
    NobodyAccess,
    OperatorAccess,
    may_change_member,
    may_use_admin,
)
from apps.core.access import Capability as May
from apps.core.ids import new_id

ICE, SNOW = new_id(), new_id()

# A second, independent reading of the table: what each role may do, in the words of the design.
MAY = {
    Role.OWNER: set(May) - {May.OPERATE},
    Role.ADMIN: set(May) - {May.OPERATE, May.OWN, May.PURGE, May.VOID},
    Role.ORGANIZER: {May.VIEW, May.ORGANIZE, May.SIGN, May.PUBLISH},
    Role.TALLY_MASTER: {May.VIEW, May.MARK, May.READ_MARKS, May.TALLY, May.SIGN},
    Role.AUDITOR: {May.VIEW, May.READ_MARKS, May.SIGN, May.AUDIT},
    Role.JUDGE: {May.VIEW, May.MARK},
    Role.DATA_SCIENTIST: {May.VIEW, May.MANAGE_DATA},
    Role.VIEWER: {May.VIEW},
}


def member(role: Role | None) -> MemberAccess:
    return MemberAccess(new_id(), ICE, role)


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role) -> None:
    assert {capability for capability in May if member(role).allows(capability)} == MAY[role]


def test_every_role_is_in_the_table() -> None:
    assert set(ALLOWED) == set(Role)


@pytest.mark.parametrize("role", Role)
def test_nobody_does_anything_to_another_organizations_rows(role: Role) -> None:
    strange, own = SimpleNamespace(organization_id=SNOW), SimpleNamespace(organization_id=ICE)
    assert [capability for capability in May if member(role).allows(capability, strange)] == []
    assert {capability for capability in May if member(role).allows(capability, own)} == MAY[role]


def test_an_outsider_may_do_nothing() -> None:
    for access in (member(None), NobodyAccess(), NobodyAccess(user_id=new_id())):
        assert [capability for capability in May if access.allows(capability)] == []


def test_staff_may_do_everything_everywhere() -> None:
    strange = SimpleNamespace(organization_id=SNOW)
    assert {capability for capability in May if OperatorAccess(new_id(), ICE).allows(capability, strange)} == set(May)


@pytest.mark.parametrize("by", Role)
@pytest.mark.parametrize("old", [*Role, None])
@pytest.mark.parametrize("new", [*Role, None])
def test_owners_are_made_and_changed_by_owners_only(by: Role, old: Role | None, new: Role | None) -> None:
    is_about_an_owner = Role.OWNER in {old, new}
    expected = by is Role.OWNER or (by is Role.ADMIN and not is_about_an_owner)
    assert may_change_member(member(by), old, new) is expected


def test_the_admin_is_not_for_strangers_and_those_who_are_gone() -> None:
    assert may_use_admin(AnonymousUser()) is False
    assert may_use_admin(User(is_active=False, is_staff=True)) is False
    assert may_use_admin(User(is_staff=True, deleted_at="2026-01-01T00:00:00Z")) is False
    assert may_use_admin(User(is_staff=True)) is True


def test_a_person_is_shown_by_name_else_by_address() -> None:
    assert str(User(email="alice@example.org", full_name="Alice")) == "Alice"
    assert User(email="alice@example.org").get_short_name() == "alice@example.org"
    assert str(Organization(name="Ice club")) == "Ice club"


def test_djangos_own_permissions_are_for_superusers_only() -> None:
    assert User(is_superuser=True).has_perm("events.add_event") is True
    assert User(is_superuser=True, is_active=False).has_module_perms("events") is False
    assert User(is_staff=True).has_module_perms("events") is False
