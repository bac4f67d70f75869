"""Long answers in pieces, under ASGI and WSGI alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from rest_framework.request import Request

PIECE = 256 * 1024


class FileResponse(StreamingHttpResponse):
    """Sends an open file piece by piece, and closes it, also when nobody read a single one.

    Django reads a plain iterator into memory as a whole under ASGI; here it reads pieces in threads.
    """

    def __init__(self, request: Request, file: IO[bytes], *, content_type: str) -> None:
        self.file = file
        pieces: Any = _pieces(file)
        if isinstance(request._request, ASGIRequest):
            pieces = _in_threads(pieces)
        super().__init__(pieces, content_type=content_type)

    def close(self) -> None:
        self.file.close()
        super().close()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    fetch = sync_to_async(lambda: next(pieces, None), thread_sensitive=False)
    while (piece := await fetch()) is not None:
        yield piece
