"""Sends one operation of the API as somebody, with a body that would succeed."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from tests.integration.core.calls import Call, call_of
from tests.integration.core.house import House
from tests.routes import Operation


def send(
    client: APIClient,
    operation: Operation,
    house: House,
    *,
    values: dict[str, object] | None = None,
    body: Any = None,
    query: str = "",
    **headers: str,
) -> Any:
    """The answer to the operation on the house's rows; `values` and `body` replace the usual ones."""
    call = call_of(operation)
    url = operation.route.url(values or house.values_for(operation.route)) + query
    if operation.method == "GET":
        return client.get(url, **headers)
    if body is None:
        body = body_of(operation, house)
    method = getattr(client, operation.method.lower())
    return method(url, body, format=call.format, **{**preconditions(operation, house), **headers})


def text_of(response: Any) -> str:
    """The whole answer, streamed or not."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode("utf-8", "replace"))


def body_of(operation: Operation, house: House) -> Any:
    """The call's own body; for `PUT` and `PATCH` without one, what the owner reads there."""
    call: Call = call_of(operation)
    if call.body is not None:
        return call.body(house)
    if operation.method in {"PUT", "PATCH"}:
        url = operation.route.url(house.values_for(operation.route))
        return house.client.get(url).json()
    assert operation.action != "create", f"{operation} needs a body in tests/integration/core/calls.py"
    return {} if operation.method != "DELETE" else None


def rehearse(operation: Operation, house: House) -> None:
    """Make every row that the operation needs, before anything is tried and undone."""
    house.values_for(operation.route)
    call_of(operation).prepare(house)
    body_of(operation, house)


def preconditions(operation: Operation, house: House) -> dict[str, str]:
    """`If-Match` where the operation asks for it."""
    if not getattr(operation.route.view, "version_required", False):
        return {}
    row = house.row_of(operation)
    if row is None:
        return {}
    version = type(row)._base_manager.values_list("version", flat=True).get(pk=row.pk)
    return {"HTTP_IF_MATCH": f'"{version}"'}
