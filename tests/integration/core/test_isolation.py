"""Two organizations know nothing of each other: every route and method, walked by Bob over Alice's rows.

The routes are those that are registered, so a new one is tested the day it is added.
"""

from __future__ import annotations

import json
import re

import pytest
from django_filters import ModelChoiceFilter, UUIDFilter

from apps.core.ids import new_id
from tests.integration.core.authorisation import ABOUT_ONESELF, ANONYMOUS, OUTSIDER, is_for
from tests.integration.core.database import belongings, changed, contents
from tests.integration.core.house import VALUE_OF_PARAMETER, House, client_of
from tests.integration.core.requests import body_of, rehearse, send, text_of
from tests.routes import Operation, operations

VARYING = re.compile(r'"(?:request_id|correlation_id)":"[^"]*"')

# Circuits are the platform's: they have names, the same for everybody, and their rights are in the table.
# What anybody may read is no secret; what else is behind public routes has tests of its own.
ABOUT_ROWS = [
    o for o in operations() if set(o.route.parameters) - set(VALUE_OF_PARAMETER) and not is_for(ANONYMOUS, o)
]
LISTS = [operation for operation in operations() if operation.method == "GET" and not operation.route.parameters]
WRITES = [operation for operation in operations() if operation.method != "GET" and not operation.route.parameters]


def _without(text: str, values: dict[str, object]) -> str:
    """The answer with the ids of the request and the ids that were asked for taken out."""
    for value in values.values():
        text = text.replace(str(value), "…")
    return VARYING.sub("", text)


def _strange(values: dict[str, object]) -> dict[str, object]:
    """Ids of the same shape that nobody has; what is no id stays."""
    return {name: value if isinstance(value, str) else new_id() for name, value in values.items()}


@pytest.mark.parametrize("operation", ABOUT_ROWS, ids=str)
def test_another_organizations_row_is_not_there(operation: Operation, alice: House, bob: House) -> None:
    """The answer is that to an id which does not exist: 404, or 403 where Bob's role may not do this to anything."""
    rehearse(operation, alice)
    values = alice.values_for(operation.route)
    strange = _strange(values)
    client, before = client_of(bob.owner), contents()

    hers = send(client, operation, alice)
    nobodys = send(client, operation, alice, values=strange)

    expected = 404 if is_for("owner", operation) and str(operation) not in ABOUT_ONESELF else 403
    assert (hers.status_code, nobodys.status_code) == (expected, expected)
    assert _without(text_of(hers), values) == _without(text_of(nobodys), strange)
    assert hers.headers.get("ETag") is None
    assert changed(before) == []


@pytest.mark.parametrize("operation", [o for o in operations() if not is_for(OUTSIDER, o)], ids=str)
def test_naming_another_organization_is_naming_none(operation: Operation, alice: House, bob: House) -> None:
    """`X-Organization` with Alice's slug is answered as one with a slug that nobody has."""
    rehearse(operation, alice)
    bodies = []
    for slug in (alice.organization.slug, "no-such-house"):
        response = send(client_of(bob.owner, slug), operation, alice)
        bodies.append(_without(text_of(response), {}))
        assert alice.marker not in bodies[-1]

    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_a_list_shows_nothing_of_another_organization(operation: Operation, alice: House, bob: House) -> None:
    shown = text_of(send(client_of(bob.owner), operation, bob))

    assert [secret for secret in alice.secrets() if secret in shown] == []


def _filters_by_id(operation: Operation) -> list[str]:
    """The filters of a list whose value is some row's id."""
    filterset = getattr(operation.route.view, "filterset_class", None)
    if operation.action != "list" or filterset is None:
        return []
    return [name for name, kind in filterset.base_filters.items() if isinstance(kind, UUIDFilter | ModelChoiceFilter)]


FILTERS = [(operation, name) for operation in operations() for name in _filters_by_id(operation)]


@pytest.mark.parametrize(("operation", "name"), FILTERS, ids=[f"{o}?{name}" for o, name in FILTERS])
def test_a_filter_by_another_organizations_id_finds_nothing(
    operation: Operation, name: str, alice: House, bob: House
) -> None:
    """The id of a row of Alice's, of any kind, gives what an id gives that does not exist."""
    client, values = client_of(bob.owner), bob.values_for(operation.route)

    def found(asked: str) -> str:
        answer = send(client, operation, bob, values=values, query=f"?{name}={asked}")
        return _without(text_of(answer), {name: asked})

    nothing = found(str(new_id()))
    seen = {model.__name__: found(str(alice.one(model).pk)) for model in alice.models()}

    assert alice.marker not in nothing
    assert {model: answer for model, answer in seen.items() if answer != nothing} == {}


@pytest.mark.parametrize("operation", [o for o in WRITES if not is_for(ANONYMOUS, o)], ids=str)
def test_a_body_that_names_anothers_rows_is_refused(operation: Operation, alice: House, bob: House) -> None:
    """What succeeds for Alice is 404 or 422 for Bob wherever her rows are named, and nothing of hers changes."""
    rehearse(operation, alice)
    body = body_of(operation, alice)
    hers = sorted({str(row.pk) for row in alice.rows()})
    names_hers = any(key in json.dumps(body, default=str) for key in hers)
    client, before, owned = client_of(bob.owner), contents(), belongings(alice.organization.pk)

    response = send(client, operation, alice, body=body)

    assert belongings(alice.organization.pk) == owned
    if names_hers:
        assert response.status_code in {404, 422}
        assert changed(before) == []
    else:
        assert [secret for secret in alice.secrets() if secret in text_of(response)] == []
