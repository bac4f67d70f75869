"""How boards are asked for, and answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.selectors.leaderboard import board_tag
from apps.core.errors import FieldError, MalformedRequest
from apps.core.rest.etags import is_known
from apps.core.rest.filters import refuse_unknown_params

MARKS = "marks"
EXPAND = OpenApiParameter("expand", str, enum=[MARKS], description="`marks`: single marks, as far as you see them.")


def asks_for_marks(request: Request) -> bool:
    """Whether `?expand=marks` was asked for.

    Raises:
        MalformedRequest: something else is to be expanded.
    """
    refuse_unknown_params(request, {"expand"})
    asked = [name for name in request.query_params.get("expand", "").split(",") if name]
    if set(asked) - {MARKS}:
        detail = f"A board can be expanded by {MARKS}."
        raise MalformedRequest(detail, errors=[FieldError("?expand", "UNKNOWN_EXPANSION", detail)])
    return bool(asked)


def answer_board(request: Request, body: dict[str, Any]) -> Response:
    """A board with its ETag; 304 where the caller has it already."""
    tag = board_tag(body)
    if is_known(request, tag):
        return Response(status=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag})
