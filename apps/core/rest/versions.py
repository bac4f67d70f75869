"""Which version and format a client gets: `Accept` names `application/vnd.podium.v1+json`, or leaves it to us."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import _MediaType

VENDOR = re.compile(r"application/vnd\.podium\.(\w+)\+json")
SUPPORTED = ["v1"]


class UnsupportedVersion(exceptions.NotAcceptable):
    """Every version that the client accepts is unknown here."""

    def __init__(self, asked: Sequence[str]) -> None:
        super().__init__(f"Version {', '.join(asked)} is not offered; see `supported`.")
        self.extra = {"supported": SUPPORTED}


class VersionNegotiation(DefaultContentNegotiation):
    """DRF's negotiation, with `q=0` honoured and unknown versions named in the refusal."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        except exceptions.NotAcceptable:
            asked = VENDOR.findall(request.headers.get("Accept", ""))
            if asked:
                raise UnsupportedVersion(asked) from None
            raise
        return chosen

    def get_accept_list(self, request: Request) -> list[str]:
        """What the client accepts, refused types (`q=0`) left out, the best first within one precision."""
        header = request.headers.get("Accept", "*/*")
        weighted = [(token.strip(), _quality(token)) for token in header.split(",") if token.strip()]
        weighted = [(token, quality) for token, quality in weighted if quality > 0]
        return [token for token, _ in sorted(weighted, key=lambda pair: -pair[1])]


def _quality(token: str) -> float:
    try:
        return float(_MediaType(token.strip()).params.get("q", "1"))
    except ValueError:
        return 1.0
