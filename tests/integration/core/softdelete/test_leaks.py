"""Deleted rows show nowhere: every route and every page of the admin, walked with rows that are gone.

The routes and pages are those that are registered, so a new one is tested the day it is added.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import NoReverseMatch, reverse
from openpyxl import load_workbook

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.core import clock
from apps.core.access import Capability
from apps.core.audit.models import AuditRecord
from apps.core.jobs.models import Job
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.base import OrganizationModel, SoftDeletedModel
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.rest import SoftDeleteMixin, capability_to_delete
from apps.core.softdelete.services import delete_object
from apps.core.softdelete.services.purging import purge_due
from apps.core.tenancy import platform_scope
from tests.integration.core.authorisation import is_for
from tests.integration.core.house import House, client_of, operator
from tests.integration.core.requests import send, text_of
from tests.routes import Operation, operations

READS = [operation for operation in operations() if operation.method == "GET"]
# These are about what was deleted and what happened to it, for those who may know.
TELLS_OF_DELETED = (Deletion, AuditRecord, Job, OutboxMessage)
# These are the person's own: they can't be deleted and go on reading.
STAYS = (Organization, User, Membership, TokenFamily)


def is_soft(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, SoftDeletedModel)


# The house's contest is being scored: nothing is certified or published of it.
NOT_THERE = dict.fromkeys(
    (
        "GET contests:contest-certification",
        "GET contests:contest-verify",
        "GET contests:public-certification",
        "GET contests:public-contest",
        "GET contests:public-event",
        "GET contests:public-leaderboard",
    ),
    404,
)
HISTORY = {"GET contests:history-changes"}  # what has been deleted is part of it
# Circuits count while the test runs.
LIVE_NUMBERS = {
    "GET resilience:circuit-breaker-detail",
    "GET resilience:circuit-breaker-list",
    "GET resilience:health-list",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")
ABOUT_ONE = [
    operation
    for operation in operations()
    if "pk" in operation.route.parameters
    and is_soft(operation.route.view.model)
    and operation.route.view.model not in STAYS
    and operation.action != "restore"
]
LISTS = [
    operation
    for operation in READS
    if operation.action == "list"
    and issubclass(operation.route.view, SoftDeleteMixin)
    and operation.route.view.model not in STAYS
]
PAGES = [model for model in admin.site._registry if issubclass(model, OrganizationModel)]


def bury(house: House) -> dict[str, type[models.Model]]:
    """A second row of every soft-deleted model of the house, deleted; their ids."""
    gone: dict[str, type[models.Model]] = {}
    wanted = [model for model in house.models() if is_soft(model) and model not in STAYS]
    rows = [house.another(model) for model in wanted]
    with platform_scope("a test deletes something of everything"):
        for row in rows:
            if type(row)._default_manager.filter(pk=row.pk).exists():
                delete_object(root=row)
            gone[str(row.pk)] = type(row)
    return gone


def test_no_read_shows_a_deleted_row_or_counts_it(alice: House) -> None:
    """Lists, details, boards, analyses, exports: each answers as if deleted rows had been purged already."""
    asked = [
        o for o in READS if getattr(o.route.view, "model", None) not in TELLS_OF_DELETED and str(o) not in HISTORY
    ]
    staff = client_of(operator(), alice.organization.slug)
    clients = {o: alice.client if is_for(Role.OWNER.value, o) else staff for o in asked}
    values = {operation: alice.values_for(operation.route) for operation in asked}
    gone = bury(alice)

    def answers() -> dict[Operation, Answer]:
        return {o: Answer(send(clients[o], o, alice, values=values[o])) for o in asked}

    deleted = answers()
    shown = {(str(o), kind.__name__) for o in asked for key, kind in gone.items() if key in deleted[o].text}
    assert shown == set()
    assert {str(o): deleted[o].status for o in asked if deleted[o].status != 200} == NOT_THERE
    purge_everything()
    purged = answers()
    told = {str(o) for o in asked if deleted[o].status == 200 and deleted[o].says() != purged[o].says()}
    assert told - LIVE_NUMBERS == set()


def purge_everything() -> None:
    with platform_scope("a test empties every bin"):
        Deletion.objects.filter(state=DeletionState.DELETED).update(expires_at=clock.now())
        purge_due(limit=1000)
        assert not Deletion.objects.filter(state=DeletionState.DELETED).exists()


class Answer:
    """An answer, streamed or not, to look at more than once."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.kind: str = response["Content-Type"]
        self.content = b"".join(response.streaming_content) if response.streaming else response.content
        self.text = self.content.decode("utf-8", "replace")

    def says(self) -> object:
        """Its text without times; of a workbook, what its cells hold."""
        if "spreadsheet" not in self.kind:
            return TIME.sub("", self.text)
        sheets = load_workbook(io.BytesIO(self.content)).worksheets
        return [[[TIME.sub("", str(cell.value)) for cell in row] for row in sheet.iter_rows()] for sheet in sheets]


@pytest.mark.parametrize("operation", ABOUT_ONE, ids=str)
def test_a_deleted_row_is_not_found_by_any_method(operation: Operation, alice: House) -> None:
    values = alice.values_for(operation.route)
    model = operation.route.view.model
    row = alice.another(model)
    with platform_scope("a test deletes something"):
        delete_object(root=row)

    response = send(alice.client, operation, alice, values={**values, "pk": row.pk}, HTTP_IF_MATCH=f'"{row.version}"')

    assert response.status_code == 404, text_of(response)


@pytest.mark.parametrize("operation", [o for o in LISTS if getattr(o.route.view, "search_fields", ())], ids=str)
def test_a_search_does_not_find_a_deleted_row(operation: Operation, alice: House) -> None:
    alice.values_for(operation.route)
    gone = bury(alice)

    text = text_of(send(alice.client, operation, alice, query=f"?search={alice.marker}"))

    assert [key for key in gone if key in text] == []


@pytest.mark.parametrize("flag", ["include_deleted", "only_deleted"])
@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_deleted_rows_are_shown_to_those_who_keep_the_bin(operation: Operation, flag: str, alice: House) -> None:
    model = operation.route.view.model
    alice.one(model)
    row = alice.another(model)
    with platform_scope("a test deletes something"):
        deletion = delete_object(root=row)

    for role in Role:
        if not is_for(role.value, operation):
            continue
        client = client_of(alice.person(role), alice.organization.slug)
        response = send(client, operation, alice, query=f"?{flag}=true&page_size=100")
        if role not in {Role.OWNER, Role.ADMIN}:
            assert response.status_code == 403, role
            continue
        found = {shown["id"]: shown for shown in response.json()["results"]}
        assert found[str(row.pk)]["deletion"] == str(deletion.pk)
        assert (str(alice.one(model).pk) in found) == (flag == "include_deleted")


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("role", [Role.OWNER, Role.ORGANIZER])
def test_no_page_and_no_picker_of_the_admin_shows_a_deleted_row(
    model: type[models.Model], role: Role, alice: House
) -> None:
    alice.one(model)
    gone = bury(alice)
    client = Client()
    client.force_login(alice.person(role))
    route = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    pages = [reverse(f"{route}_changelist")]
    for name, args in ((f"{route}_add", []), (f"{route}_change", [alice.one(model).pk])):
        try:
            pages.append(reverse(name, args=args))
        except NoReverseMatch:
            continue

    for page in pages:
        response = client.get(page)
        assert response.status_code in {200, 302, 403, 404}, page
        text = response.content.decode()
        found = {key: kind.__name__ for key, kind in gone.items() if key in text}
        assert found == {}, page


@pytest.mark.parametrize("role", [Role.OWNER, Role.ORGANIZER])
def test_no_autocompletion_of_the_admin_offers_a_deleted_row(role: Role, alice: House) -> None:
    gone = bury(alice)
    client = Client()
    client.force_login(alice.person(role))
    asked = 0
    for page in admin.site._registry.values():
        for name in page.get_autocomplete_fields(None):  # type: ignore[arg-type]
            options = page.model._meta
            query = {"app_label": options.app_label, "model_name": options.model_name, "field_name": name, "term": ""}
            response = client.get(reverse("admin:autocomplete"), query)
            if response.status_code == 200:
                asked += 1
                assert [found["id"] for found in response.json()["results"] if found["id"] in gone] == []

    assert asked > 0 or role == Role.ORGANIZER


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
