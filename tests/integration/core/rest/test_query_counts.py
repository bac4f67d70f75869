"""No list asks the database more often because it is longer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Organization
from tests.integration.core.house import House
from tests.integration.core.requests import send, text_of
from tests.integration.core.town import Town
from tests.routes import Operation, operations

ROWS = 50
# Lists of something that the database has no table of, or whose length is not theirs to choose.
NOT_OF_ROWS = {
    "GET resilience:circuit-breaker-list": "the circuits of the settings",
    "GET resilience:health-list": "one object",
    "GET resilience:summary-list": "the circuits of the settings",
    "GET accounts:organization-list": "the caller's own; see the test below",
    "GET core:history-list": "written by triggers; see tests/integration/core/softdelete",
}
LISTS = [
    operation
    for operation in operations()
    if operation.method == "GET" and operation.action == "list" and str(operation) not in NOT_OF_ROWS
]


def count(house: House, operation: Operation, query: str = "") -> tuple[int, int]:
    """How many queries the list takes, and how many rows it shows."""
    client = house.client_for(operation)
    with CaptureQueriesContext(connection) as captured:
        response = send(client, operation, house, query=query)
    assert response.status_code == 200, text_of(response)
    return len(captured), len(response.json()["results"])


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_fifty_rows_take_as_many_queries_as_one(operation: Operation, alice: House) -> None:
    model = operation.route.view.model
    one = count(alice, operation, "?page_size=1")
    before = count(alice, operation)[1]
    while count_rows(alice, model) < ROWS:
        alice.another(model)

    fifty = count(alice, operation)

    assert before < fifty[1] == ROWS
    assert (one[1], fifty[0]) == (1, one[0])


def count_rows(house: House, model: type) -> int:
    return len({row.pk for row in house.rows() if isinstance(row, model)})


def test_the_staffs_list_of_all_organizations_does_too(town: Town) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert town.callers["operator"].get("/api/v1/organizations/", HTTP_X_ORGANIZATION="").status_code == 200
        return len(captured)

    few = queries()
    Organization.objects.bulk_create(Organization(name=f"Club {n}", slug=f"club-{n}") for n in range(ROWS))

    assert queries() == few
