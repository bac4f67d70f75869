"""Bodies in JSON, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 50
"""Lists and objects inside each other. Python gives up at a depth that hangs on where it is asked."""


class BoundedJSONParser(JSONParser):
    """DRF's own, for bodies that are nested no deeper than anything of ours."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body.

        Raises:
            ParseError: it is no JSON, or nested too deeply.
        """
        try:
            body = super().parse(stream, media_type, parser_context)
        except RecursionError:
            body = None
        else:
            if not _is_deeper(body, DEEPEST):
                return body
        raise ParseError(f"Lists and objects may be nested {DEEPEST} deep.")


def _is_deeper(value: Any, limit: int) -> bool:
    layer = [value]
    for _ in range(limit):
        layer = [inner for outer in layer for inner in _inside(outer)]
        if not layer:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    """The lists and objects right inside."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [member for member in members if isinstance(member, dict | list)]
