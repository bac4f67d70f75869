"""How boards are asked for, and answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NoReturn

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.fields import DateTimeField
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


AT = OpenApiParameter("at", datetime, description="The board as it stood at this time, rebuilt from history.")


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


def asked_time(request: Request, name: str) -> datetime | None:
    """The time that a query parameter names (RFC 3339), None where it was not sent.

    Raises:
        MalformedRequest: it is no time.
    """
    asked = request.query_params.get(name)
    if asked is None:
        return None
    try:
        found: datetime = DateTimeField().run_validation(asked)
    except ValidationError as error:
        detail = "Write a time with its offset, such as 2026-02-14T19:30:00Z."
        raise MalformedRequest(detail, errors=[FieldError(f"?{name}", "INVALID", detail)]) from error
    return found


def refuse_marks_of_then() -> NoReturn:
    """Single marks are shown as they are now, and not as they were.

    Raises:
        MalformedRequest: always; both a time and marks were asked for.
    """
    detail = "A board of the past has no single marks; its changes name them."
    raise MalformedRequest(detail, errors=[FieldError("?expand", "NOT_OF_THE_PAST", detail)])


def answer_board(request: Request, body: dict[str, Any]) -> Response:
    """A board with its ETag; 304 where the caller has it already."""
    tag = board_tag(body)
    if is_known(request, tag):
        return Response(status=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag})
