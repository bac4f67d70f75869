"""Rules that triggers keep, as migrations see them."""

from __future__ import annotations

import pytest
from django.db.migrations.writer import MigrationWriter
from django.db.models import BaseConstraint

from apps.accounts.constraints import OwnerStays
from apps.core.softdelete.frozen import FrozenColumns

OWNER = OwnerStays(name="owner", organizations="orgs")
FROZEN = FrozenColumns(name="frozen", columns=("a", "b"))


@pytest.mark.parametrize("constraint", [OWNER, FROZEN])
def test_a_migration_can_write_it_down_and_make_it_again(constraint: BaseConstraint) -> None:
    text, imports = MigrationWriter.serialize(constraint)
    namespace: dict[str, object] = {}
    exec("\n".join(sorted(imports)), namespace)  # noqa: S102 - what a migration file does
    assert eval(text, namespace) == constraint  # noqa: S307


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OWNER, OwnerStays(name="other", organizations="orgs")),
        (OWNER, OwnerStays(name="owner", organizations="others")),
        (FROZEN, FrozenColumns(name="frozen", columns=("a",))),
        (OWNER, FROZEN),
    ],
)
def test_constraints_that_differ_are_not_equal(one: BaseConstraint, other: BaseConstraint) -> None:
    assert one != other
    assert hash(one) != hash(other)


@pytest.mark.parametrize("constraint", [OWNER, FROZEN])
def test_it_is_removed_with_its_triggers(constraint: OwnerStays | FrozenColumns) -> None:
    (statement,) = constraint.removal("some_table")
    assert statement.as_string(None) == f'DROP FUNCTION IF EXISTS "{constraint.name}"() CASCADE'
