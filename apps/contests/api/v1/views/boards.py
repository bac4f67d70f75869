"""How boards are asked for, and answered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.selectors.leaderboard import board_tag
from apps.core.errors import FieldError, MalformedRequest
from apps.core.rest.etags import is_known
from apps.core.rest.filters import refuse_unknown_params, whole_number

MARKS = "marks"
MOST = 1000
TOP = OpenApiParameter(
    "top",
    {"type": "integer", "minimum": 1, "maximum": MOST},
    description="Only so many lines: the first by place, or by number while the figures are withheld.",
)
EXPAND = OpenApiParameter("expand", str, enum=[MARKS], description="`marks`: single marks, as far as you see them.")


def asks_for_marks(request: Request, *, others: Collection[str] = ()) -> bool:
    """Whether `?expand=marks` was asked for.

    Raises:
        MalformedRequest: something else is to be expanded.
    """
    refuse_unknown_params(request, {"expand", *others})
    asked = [name for name in request.query_params.get("expand", "").split(",") if name]
    if set(asked) - {MARKS}:
        detail = f"A board can be expanded by {MARKS}."
        raise MalformedRequest(detail, errors=[FieldError("?expand", "UNKNOWN_EXPANSION", detail)])
    return bool(asked)


def asked_top(request: Request) -> int | None:
    """How many lines of a board are wanted; None for all.

    Raises:
        MalformedRequest: it is not a number, or too many.
    """
    return whole_number(request, "top", low=1, high=MOST)


def answer_board(request: Request, body: dict[str, Any]) -> Response:
    """A board with its ETag; 304 where the caller has it already."""
    tag = board_tag(body)
    if is_known(request, tag):
        return Response(status=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag})
