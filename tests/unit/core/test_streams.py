"""Files sent in pieces."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import RequestFactory
from rest_framework.request import Request

from apps.core.rest.streams import PIECE, FileResponse

CONTENT = b"x" * (2 * PIECE + 1)


@pytest.fixture(autouse=True)
def _no_database() -> Iterator[None]:
    """The end of a response looks after database connections, which a unit test has none of."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


def under_asgi() -> Request:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    return Request(ASGIRequest(scope, io.BytesIO()))


def test_a_file_is_sent_in_pieces_and_closed() -> None:
    file = io.BytesIO(CONTENT)
    response = FileResponse(Request(RequestFactory().get("/")), file, content_type="text/csv")
    pieces = list(response)
    assert [len(piece) for piece in pieces] == [PIECE, PIECE, 1]
    response.close()
    assert file.closed


def test_a_file_that_nobody_reads_is_closed_too() -> None:
    for request in (Request(RequestFactory().get("/")), under_asgi()):
        file = io.BytesIO(CONTENT)
        FileResponse(request, file, content_type="text/csv").close()
        assert file.closed


def test_under_asgi_the_pieces_come_one_by_one() -> None:
    response = FileResponse(under_asgi(), io.BytesIO(CONTENT), content_type="text/csv")
    assert response.is_async

    async def collect() -> list[int]:
        return [len(piece) async for piece in response]

    assert asyncio.run(collect()) == [PIECE, PIECE, 1]
