"""Results and marks as files, and results as a page to print."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpResponse
from django.template.loader import render_to_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.contests.api.v1.printing import printable
from apps.contests.models import Contest
from apps.contests.selectors.exports import (
    about_sheet,
    certification_of,
    mark_sheet,
    result_sheets,
    winner_sheet,
)
from apps.contests.selectors.leaderboard import contest_board
from apps.core.access import Capability
from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.renderers import CSVRenderer, PageRenderer, XLSXRenderer
from apps.core.rest.sheets import CSV, XLSX, attachment, csv_file, xlsx_file
from apps.core.rest.views import PodiumViewSet

PAGE = "text/html"


def described_file(content_type: str, description: str) -> dict[tuple[int, str], Any]:
    """What the OpenAPI document says of a file."""
    kind = OpenApiTypes.STR if content_type == PAGE else OpenApiTypes.BINARY
    return {(200, content_type): OpenApiResponse(kind, description)}


class ContestExportViewSet(PodiumViewSet):
    """A contest's results and marks outside Podium, by the rules of its board."""

    model = Contest
    filter_backends = ()
    pagination_class = None
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "marks_csv": Capability.READ_MARKS}

    def rows(self) -> models.QuerySet[Contest]:
        return Contest.objects.select_related("event")

    @extend_schema(responses=described_file(CSV, "The winner list."), summary="Download the results as CSV")
    @action(
        detail=True,
        methods=["get"],
        url_path="results/csv",
        renderer_classes=[CSVRenderer, *PodiumViewSet.renderer_classes],
    )
    def results_csv(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The winner list, as the board shows it to the caller."""
        contest = self._contest(request)
        file = csv_file(winner_sheet(contest_board(contest, access=self.access)))
        return attachment(request, file, name=f"{contest.slug}-results.csv", content_type=f"{CSV}; charset=utf-8")

    @extend_schema(responses=described_file(XLSX, "A workbook."), summary="Download the results as a workbook")
    @action(
        detail=True,
        methods=["get"],
        url_path="results/xlsx",
        renderer_classes=[XLSXRenderer, *PodiumViewSet.renderer_classes],
    )
    def results_xlsx(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The winner list, the standings of each category, and what certifies them, a sheet each."""
        contest = self._contest(request)
        board = contest_board(contest, access=self.access)
        file = xlsx_file([*result_sheets(board), about_sheet(board, certification_of(contest))])
        return attachment(request, file, name=f"{contest.slug}-results.xlsx", content_type=XLSX)

    @extend_schema(responses=described_file(PAGE, "A page made for paper."), summary="Print the results")
    @action(
        detail=True,
        methods=["get"],
        url_path="results/print",
        renderer_classes=[PageRenderer, *PodiumViewSet.renderer_classes],
    )
    def results_print(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The winner list and the standings of each category as a page without anything else on it."""
        contest = self._contest(request)
        board = contest_board(contest, access=self.access)
        page = {
            "contest": contest,
            "board": board,
            "certification": certification_of(contest),
            "tables": [printable(sheet) for sheet in result_sheets(board)],
        }
        return HttpResponse(render_to_string("contests/print/results.html", page))

    @extend_schema(responses=described_file(CSV, "One mark a row."), summary="Download the marks as CSV")
    @action(
        detail=True,
        methods=["get"],
        url_path="marks/csv",
        renderer_classes=[CSVRenderer, *PodiumViewSet.renderer_classes],
    )
    def marks_csv(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Every mark, in the columns that an import of marks takes."""
        contest = self._contest(request)
        file = csv_file(mark_sheet(contest))
        return attachment(request, file, name=f"{contest.slug}-marks.csv", content_type=f"{CSV}; charset=utf-8")

    def _contest(self, request: Request) -> Contest:
        refuse_unknown_params(request, ())
        contest: Contest = self.get_object()
        return contest
