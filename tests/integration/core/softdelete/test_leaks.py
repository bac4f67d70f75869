"""Deleted rows show nowhere: every route and every page, walked with rows that are gone.

The routes and pages are those that are registered, so a new one is tested the day it is added.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, reverse
from openpyxl import load_workbook

from apps.accounts.enums import Role
from apps.contests.models import Certification, Signature
from apps.core.softdelete.base import OrganizationModel
from apps.core.softdelete.services import delete_object
from apps.core.tenancy import organization_scope, platform_scope
from tests.conftest import FakeClock
from tests.integration.core.calls import call_of
from tests.integration.core.house import PAGES, House
from tests.integration.core.requests import send, text_of
from tests.integration.core.softdelete.buried import READS, STAYS, Gone, bury, is_soft, purge_everything
from tests.integration.core.town import Town
from tests.routes import Operation, operations

# Circuits count while the test runs.
LIVE_NUMBERS = {
    "GET resilience:circuit-breaker-detail",
    "GET resilience:circuit-breaker-list",
    "GET resilience:health-list",
}
# What an answer says anew each time.
VARYING = (r'name="csrfmiddlewaretoken" value="\w+"', r'"(request|correlation)_id": "[^"]+"')
PUBLIC = next(operation for operation in READS if str(operation) == "GET contests:public-leaderboard")
RECYCLE_BIN = {"bins", "bin", "deletion"}
ABOUT_ONE = [
    operation
    for operation in operations()
    if "pk" in operation.route.parameters
    and is_soft(operation.route.view.model)
    and operation.route.view.model not in STAYS
    and operation.action != "restore"
]
ADMIN_PAGES = [model for model in admin.site._registry if issubclass(model, OrganizationModel | Certification)]


@pytest.fixture
def noon(fake_clock: FakeClock) -> None:
    """Time stands still, so that the same result has the same digest."""
    fake_clock.time = datetime.now(UTC)


def test_no_read_shows_a_deleted_row_or_counts_it(town: Town, noon: None) -> None:
    """Lists, details, boards, analyses, exports, published results: each answers as if deleted rows had been purged.

    A route that asks for a result gets one, certified and published after the deletes, and again after the purge.
    """
    values = {operation: town.alice.values_for(operation.route) for operation in READS}

    def answers() -> dict[str, Answer]:
        return {str(o): answer_of(o, town, values[o]) for o in READS}

    gone = bury(town.alice)
    deleted = answers()
    purge_everything()
    purged = answers()

    assert {name: answer.status for name, answer in deleted.items() if answer.status != 200} == {}
    assert shown(gone, deleted) == set()
    told = {name for name, answer in deleted.items() if answer.says() != purged[name].says()}
    assert told - LIVE_NUMBERS == set()


def test_no_page_shows_a_deleted_row_or_counts_it(town: Town, noon: None) -> None:
    """The pages of the website as they look to several people, before and after the result is out.

    All but the recycle bin's, which are about what was deleted.
    """
    addresses = {name: town.alice.page(name) for name in sorted(set(PAGES) - RECYCLE_BIN)}
    browsers = {"anybody": Client()}
    for role in (Role.OWNER, Role.TALLY_MASTER, Role.JUDGE):
        browsers[role] = Client()
        browsers[role].force_login(town.alice.person(role))

    def answers() -> dict[str, Answer]:
        looked = {}
        for stage, prepare in {"scoring": lambda _: None, "published": call_of(PUBLIC).prepare}.items():
            with town.undone():
                prepare(town.alice)
                for name, address in addresses.items():
                    for who, browser in browsers.items():
                        looked[f"{name} {stage} {who}"] = Answer(browser.get(address), town.alice)
        return looked

    gone = bury(town.alice)
    deleted = answers()
    purge_everything()
    purged = answers()

    seen = {name.partition(" ")[0] for name, answer in deleted.items() if answer.status == 200}
    assert {"board", "card", "home", "seat", "seats", "tally"} - seen == set()
    assert shown(gone, deleted) == set()
    assert {name for name, answer in deleted.items() if answer.says() != purged[name].says()} == set()


def answer_of(operation: Operation, town: Town, values: dict[str, object]) -> Answer:
    house = town.alice
    with town.undone():
        call_of(operation).prepare(house)
        return Answer(send(house.client_for(operation), operation, house, values=values), house)


def shown(gone: Gone, answers: dict[str, Answer]) -> set[tuple[str, str]]:
    """Which answers have the id of a deleted row in them, and of which kind it is."""
    texts = {name: answer.text for name, answer in answers.items()}
    return {(name, kind.__name__) for name, text in texts.items() for key, kind in gone.items() if key in text}


class Answer:
    """An answer, streamed or not, to look at more than once."""

    def __init__(self, response: Any, house: House) -> None:
        self.status: int = response.status_code
        self.kind: str = response.get("Content-Type", "")
        self.content = b"".join(response.streaming_content) if response.streaming else response.content
        self.text = self.content.decode("utf-8", "replace")
        with organization_scope(house.organization.pk):
            signed = [*Certification.objects.values_list("pk"), *Signature.objects.values_list("pk")]
        self._made = re.compile("|".join([*VARYING, *(str(pk) for (pk,) in signed)]))

    def says(self) -> object:
        """Its text without what is made for it anew; of a workbook, what its cells hold."""
        if "spreadsheet" not in self.kind:
            return self._made.sub("", self.text)
        sheets = load_workbook(io.BytesIO(self.content)).worksheets
        return [
            [[self._made.sub("", str(cell.value)) for cell in row] for row in sheet.iter_rows()] for sheet in sheets
        ]


@pytest.mark.parametrize("operation", ABOUT_ONE, ids=str)
def test_a_deleted_row_is_not_found_by_any_method(operation: Operation, alice: House) -> None:
    values = alice.values_for(operation.route)
    model = operation.route.view.model
    row = alice.another(model)
    with platform_scope("a test deletes something"):
        delete_object(root=row)

    response = send(alice.client, operation, alice, values={**values, "pk": row.pk}, HTTP_IF_MATCH=f'"{row.version}"')

    assert response.status_code == 404, text_of(response)


@pytest.mark.parametrize(
    "operation", [o for o in READS if o.action == "list" and getattr(o.route.view, "search_fields", ())], ids=str
)
def test_a_search_does_not_find_a_deleted_row(operation: Operation, alice: House) -> None:
    alice.values_for(operation.route)
    gone = bury(alice)

    text = text_of(send(alice.client, operation, alice, query=f"?search={alice.marker}"))

    assert [key for key in gone if key in text] == []


@pytest.mark.parametrize("role", [Role.OWNER, Role.ORGANIZER])
def test_no_page_and_no_picker_of_the_admin_shows_a_deleted_row(role: Role, alice: House) -> None:
    """Lists, forms, and the pages that an admin adds to them: boards, imports, copies."""
    addresses = [address for model in ADMIN_PAGES for address in pages_of(model, alice)]
    gone = bury(alice)
    client = Client()
    client.force_login(alice.person(role))

    answers = {address: Answer(client.get(address), alice) for address in addresses}

    assert {answer.status for answer in answers.values()} <= {200, 302, 403, 404, 405}
    assert sum(answer.status == 200 for answer in answers.values()) > len(ADMIN_PAGES)
    assert shown(gone, answers) == set()


def pages_of(model: type[models.Model], house: House) -> Iterator[str]:
    """The addresses of a model's pages, of the house's first row where they are about one."""
    for pattern in admin.site._registry[model].get_urls():
        parameters = list(getattr(pattern.pattern, "converters", ()))
        if isinstance(pattern, URLPattern) and pattern.name and parameters in ([], ["object_id"]):
            yield reverse(f"admin:{pattern.name}", args=[house.one(model).pk] if parameters else [])


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
