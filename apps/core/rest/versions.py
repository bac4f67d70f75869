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
    """The format that the client likes best, by RFC 9110, section 12.5.1; unknown versions are named in the refusal.

    DRF's own looks at how precise a range is and never at its weight, and takes `q=0` for a wish.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers = list(renderers)
        asked_format = format_suffix or request.query_params.get(self.settings.URL_FORMAT_OVERRIDE)
        if asked_format:
            renderers = self.filter_renderers(renderers, asked_format)
        header = request.headers.get("Accept") or "*/*"
        ranges = [_parsed(part) for part in header.split(",") if part.strip()]
        # In the order of the settings, which decides between formats that are liked as much.
        chosen = max(renderers, key=lambda renderer: _liking(renderer, ranges))
        if _liking(chosen, ranges) > 0:
            return chosen, str(chosen.media_type)
        asked = VENDOR.findall(header)
        if asked:
            raise UnsupportedVersion(asked)
        raise exceptions.NotAcceptable(available_renderers=renderers)


def _parsed(part: str) -> tuple[_MediaType, float]:
    """A media range and its weight; one that can't be read counts as left out."""
    kind = _MediaType(part.strip())
    try:
        weight = float(kind.params.pop("q", "1"))
    except ValueError:
        weight = 1.0
    return kind, weight


def _liking(renderer: BaseRenderer, ranges: Sequence[tuple[_MediaType, float]]) -> float:
    """The weight of the most precise range that the renderer's format is in, 0 outside all of them."""
    offered = _MediaType(str(renderer.media_type))
    matching = [(kind.precedence, weight) for kind, weight in ranges if offered.match(kind)]
    return max(matching)[1] if matching else 0.0
