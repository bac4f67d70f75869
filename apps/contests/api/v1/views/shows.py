"""The run of show, and the draws that it comes from."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpResponse
from django.template.loader import render_to_string
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.filters import DrawFilter
from apps.contests.api.v1.printing import printable
from apps.contests.api.v1.serializers.shows import DrawSerializer, NewDrawSerializer, RunOfShowSerializer, show_run
from apps.contests.api.v1.views.exports import PAGE, described_file
from apps.contests.models import Category, Contest, Draw
from apps.contests.selectors.shows import RunOfShow, category_sheets, run_of_show, show_sheet
from apps.contests.services.draws import draw_category
from apps.core.access import Capability
from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.renderers import CSVRenderer, PageRenderer
from apps.core.rest.sheets import CSV, attachment, csv_file
from apps.core.rest.views import PodiumViewSet, ReadMixin
from apps.core.softdelete.visibility import DeletedRowsMixin


class ShowViewSet(PodiumViewSet):
    """Who starts when."""

    model = Contest
    serializer_class = RunOfShowSerializer
    filter_backends = ()
    pagination_class = None

    def rows(self) -> models.QuerySet[Contest]:
        return Contest.objects.select_related("event")

    @extend_schema(responses=RunOfShowSerializer)
    @action(detail=True, methods=["get"], url_path="run-of-show")
    def run_of_show(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read who starts when, category by category."""
        return Response(show_run(self._show(request)))

    @extend_schema(responses=described_file(CSV, "One start a row."), summary="Download the run of show as CSV")
    @action(
        detail=True,
        methods=["get"],
        url_path="run-of-show/csv",
        renderer_classes=[CSVRenderer, *PodiumViewSet.renderer_classes],
    )
    def run_of_show_csv(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """All categories in one table."""
        show = self._show(request)
        name = f"{show.contest.slug}-run-of-show.csv"
        return attachment(request, csv_file(show_sheet(show)), name=name, content_type=f"{CSV}; charset=utf-8")

    @extend_schema(responses=described_file(PAGE, "A page made for paper."), summary="Print the run of show")
    @action(
        detail=True,
        methods=["get"],
        url_path="run-of-show/print",
        renderer_classes=[PageRenderer, *PodiumViewSet.renderer_classes],
    )
    def run_of_show_print(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """A table a category, with the draw that its order came from."""
        show = self._show(request)
        tables = zip(map(printable, category_sheets(show)), show.categories, strict=True)
        page = {"contest": show.contest, "tables": [(table, one.draw) for table, one in tables]}
        return HttpResponse(render_to_string("contests/print/run_of_show.html", page))

    def _show(self, request: Request) -> RunOfShow:
        refuse_unknown_params(request, ())
        return run_of_show(self.get_object(), access=self.access)


class CategoryDrawViewSet(PodiumViewSet):
    """Drawing the starting order of a category."""

    model = Category
    serializer_class = NewDrawSerializer
    filter_backends = ()

    @extend_schema(request=NewDrawSerializer, responses={201: DrawSerializer}, summary="Draw the starting order")
    @action(detail=True, methods=["post"])
    def draw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Draw who starts when, from a seed that is recorded. Refused once there are marks."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        category: Category = self.get_object()
        draw = draw_category(
            category_id=category.pk, access=self.access, seed=body.validated_data.get("seed", "").strip()
        )
        shown = DrawSerializer(draw, context=self.get_serializer_context()).data
        return Response(shown, status=201, headers={"Location": shown["url"], "ETag": f'"{draw.version}"'})


class DrawViewSet(ReadMixin, DeletedRowsMixin, PodiumViewSet):
    """Draws that took place. The latest one of a category is the one that counts."""

    model = Draw
    serializer_class = DrawSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW}
    filterset_class = DrawFilter
    ordering_fields = ("created_at",)
