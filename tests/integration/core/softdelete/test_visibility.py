"""`?include_deleted` and `?only_deleted`: for those who keep the bin, on each list of rows that can be deleted.

The routes are those that are registered, so a new one is tested the day it is added.
"""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core.access import Capability
from apps.core.softdelete.rest import SoftDeleteMixin, capability_to_delete
from apps.core.softdelete.services import delete_object
from apps.core.softdelete.visibility import DeletedRowsMixin
from apps.core.tenancy import platform_scope
from tests.integration.core.authorisation import is_for
from tests.integration.core.calls import call_of
from tests.integration.core.house import House
from tests.integration.core.requests import send, text_of
from tests.integration.core.softdelete.buried import GETS, READS, bury, is_soft
from tests.integration.core.town import Town
from tests.routes import Operation, operations

FLAGS = ("include_deleted", "only_deleted")
KEEPERS = (Role.OWNER, Role.ADMIN)


def takes_flags(operation: Operation) -> bool:
    view = operation.route.view
    return operation.action in {"list", "retrieve"} and issubclass(view, DeletedRowsMixin)


TAKING = [operation for operation in GETS if takes_flags(operation)]
LISTS = [operation for operation in TAKING if operation.action == "list"]
DETAILS = [operation for operation in TAKING if operation.action == "retrieve"]


def deleted_row(house: House, model: Any) -> tuple[Any, str]:
    """A row of the house beside its first one, deleted; and its deletion."""
    house.one(model)
    row = house.another(model)
    with platform_scope("a test deletes something"):
        return row, str(delete_object(root=row).pk)


def test_every_list_of_rows_that_can_be_deleted_takes_the_flags() -> None:
    of_deletable = {str(o) for o in GETS if o.action == "list" and is_soft(o.route.view.model)}

    assert {str(operation) for operation in LISTS} == of_deletable


@pytest.mark.parametrize("operation", TAKING, ids=str)
def test_deleted_rows_are_shown_to_nobody_but_those_who_keep_the_bin(operation: Operation, town: Town) -> None:
    status = {}
    for role in (role for role in Role if is_for(role.value, operation)):
        client = town.callers[role.value]
        status[role] = [send(client, operation, town.alice, query=f"?{flag}=true").status_code for flag in FLAGS]

    of_keepers = [200, 200 if operation.action == "list" else 404]  # the row that is named is live
    assert status == {role: of_keepers if role in KEEPERS else [403, 403] for role in status}


@pytest.mark.parametrize("operation", [o for o in LISTS if o.route.view.model is not Organization], ids=str)
def test_a_list_says_which_deletion_took_a_row(operation: Operation, alice: House) -> None:
    model = operation.route.view.model
    row, deletion = deleted_row(alice, model)

    for flag in FLAGS:
        shown = send(alice.client, operation, alice, query=f"?{flag}=true&page_size=100").json()["results"]
        found = {row["id"]: row for row in shown}
        assert found[str(row.pk)]["deletion"] == deletion
        assert (str(alice.one(model).pk) in found) == (flag == "include_deleted")


@pytest.mark.parametrize("operation", [o for o in DETAILS if o.route.view.model is not Organization], ids=str)
def test_a_deleted_row_is_read_by_its_address(operation: Operation, alice: House) -> None:
    row, deletion = deleted_row(alice, operation.route.view.model)
    values = {**alice.values_for(operation.route), "pk": row.pk}

    for flag in FLAGS:
        shown = send(alice.client, operation, alice, values=values, query=f"?{flag}=true")
        assert (shown.status_code, shown.json()["deletion"]) == (200, deletion)


def test_no_other_route_shows_deleted_rows_for_a_flag(town: Town) -> None:
    """Other lists refuse it as a parameter that they don't know; boards, exports and the like don't heed it."""
    house = town.alice
    others = [operation for operation in GETS if not takes_flags(operation)]
    values = {operation: house.values_for(operation.route) for operation in others}
    gone = bury(house)
    leaks, taken = set(), set()

    for operation in others:
        with town.undone():
            call_of(operation).prepare(house)
            client = house.client_for(operation)
            answers = [
                send(client, operation, house, values=values[operation], query=f"?{flag}=true") for flag in FLAGS
            ]
        text = "".join(map(text_of, answers)) if operation in READS else ""
        leaks |= {(str(operation), kind.__name__) for key, kind in gone.items() if key in text}
        if operation.action == "list" and [answer.status_code for answer in answers] != [400, 400]:
            taken.add(str(operation))

    assert (leaks, taken) == (set(), set())


@pytest.mark.parametrize(
    "view",
    # in the order of the routes: every process that collects must see the same tests
    dict.fromkeys(
        o.route.view
        for o in operations()
        if isinstance(o.route.view, type) and issubclass(o.route.view, SoftDeleteMixin)
    ),
    ids=lambda view: view.__name__,
)
def test_who_may_delete_by_a_route_may_undo_their_own_delete(view: Any) -> None:
    """The bin asks the model, the route its own table: they must say the same, or something weaker at the route."""
    at_the_route, at_the_bin = capability_to_delete(view), view.model.deletion_capability

    assert at_the_route in {at_the_bin, Capability.VIEW}
