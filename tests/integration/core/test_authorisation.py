"""Every route and method, tried by everybody; and what a body can't reach, whoever sends it."""

from __future__ import annotations

import pytest

from tests.integration.core import authorisation as table
from tests.integration.core.calls import call_of, status_of
from tests.integration.core.requests import send, text_of
from tests.integration.core.town import Town
from tests.routes import Operation, operations


def test_the_table_names_every_operation_and_no_other() -> None:
    named = {f"{method} {route}" for route, methods in table.TABLE.items() for method in methods}

    assert named == {str(operation) for operation in operations()}


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_an_operation_is_for_those_in_the_table(operation: Operation, town: Town) -> None:
    allowed = table.who_may(operation)
    wrong = {}
    call_of(operation).prepare(town.alice)
    for caller, client in town.callers.items():
        with town.undone():
            answer = send(client, operation, town.alice)
            body = text_of(answer)
        expected = _expected(operation, caller, allowed)
        if answer.status_code != expected:
            wrong[caller] = f"{answer.status_code} instead of {expected}: {body[:300]}"

    assert wrong == {}


def _expected(operation: Operation, caller: str, allowed: table.Who) -> int:
    if caller in allowed:
        return status_of(operation)
    if caller == table.ANONYMOUS:
        return 401
    hidden = str(operation) in table.HIDDEN_FROM_OTHERS
    return 404 if caller == table.OUTSIDER or hidden else 403
