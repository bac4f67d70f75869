"""The public board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import etag, require_safe

from apps.contests.selectors.board.rows import ContestantRow, EntryRow
from apps.contests.selectors.leaderboard import CategoryHead, board_tag
from apps.contests.selectors.public import PublicBoard, public_board, public_contest
from apps.core.tenancy import Scope, enter_scope
from apps.web.pages import page, show

SECONDS_BETWEEN_LOOKS = 5


@require_safe
@page
def board(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """The standings as the public sees them; `?screen` fills a projector."""
    contest = public_contest(contest_id)
    enter_scope(Scope(contest.organization_id))
    found = public_board(contest)
    lines = [(row, _figures(row, found.categories)) for row in found.rows]
    context = {
        "board": found,
        "lines": lines,
        "screen": "screen" in request.GET,
        "seconds": SECONDS_BETWEEN_LOOKS,
    }

    @etag(lambda *_: _tag(request, found))
    def answer(request: HttpRequest) -> HttpResponse:
        return show(request, "web/board.html", context, part="web/board_table.html")

    response = answer(request)
    patch_cache_control(response, private=True, no_cache=True)
    return response


@dataclass(frozen=True, slots=True)
class Panel:
    """What a panel gave for one criterion, and what trimming left out."""

    name: str
    panel: str | None
    score: str | None
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How a contestant's total of a category came about."""

    category: str
    entry: EntryRow
    panels: tuple[Panel, ...]


def _figures(row: ContestantRow, heads: Sequence[CategoryHead]) -> list[Figures]:
    names = {head["slug"]: head["name"] for head in heads} | {str(head["id"]): head["name"] for head in heads}
    criteria = {str(criterion["id"]): criterion["name"] for head in heads for criterion in head["criteria"]}
    return [
        Figures(
            category=names.get(str(entry["category"]), ""),
            entry=entry,
            panels=tuple(
                Panel(
                    name=criteria.get(str(panel["criterion"]), "Judges' totals"),
                    panel=panel["panel"],
                    score=panel["score"],
                    dropped=tuple(mark["value"] for mark in panel["dropped"] or ()),
                )
                for panel in entry["criteria"]
            ),
        )
        for entry in row["categories"]
        if entry["criteria"]
    ]


def _tag(request: HttpRequest, found: PublicBoard) -> str:
    """Of what is shown, and in which of its forms."""
    certificate = found.certification.digest if found.certification else ""
    form = [request.headers.get("HX-Request", ""), request.META["QUERY_STRING"], str(request.user.pk)]
    shown = [found.contest.name, found.state, found.status, found.as_of, found.frozen_at, certificate, found.rows]
    return board_tag([form, shown])
