"""Contests, categories, criteria."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.contests.api.v1.filters import CategoryFilter, ContestFilter, CriterionFilter
from apps.contests.api.v1.serializers.boards import (
    CategoryBoardSerializer,
    ContestBoardSerializer,
    show_category_board,
    show_contest_board,
)
from apps.contests.api.v1.serializers.structure import (
    CategorySerializer,
    ContestSerializer,
    CriterionSerializer,
    EmptySerializer,
    StatedReasonSerializer,
)
from apps.contests.api.v1.views.boards import (
    AT,
    EXPAND,
    TOP,
    answer_board,
    asked_time,
    asked_top,
    asks_for_marks,
    refuse_marks_of_then,
)
from apps.contests.api.v1.views.parts import PartViewSet
from apps.contests.models import Category, Contest, Criterion
from apps.contests.policies import TRANSITIONS
from apps.contests.selectors.history import board_at
from apps.contests.selectors.leaderboard import category_board, contest_board
from apps.contests.services import freezing, transitions
from apps.contests.services.certification import void_certification
from apps.contests.services.contests import change_contest, create_contest
from apps.core.access import Capability
from apps.core.rest.etags import expected_version
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin, answer_row
from apps.core.softdelete.rest import SoftDeleteMixin


class ContestViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """What has one winner list."""

    model = Contest
    serializer_class = ContestSerializer
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.VIEW,
        "write": Capability.ORGANIZE,
        "metadata": Capability.VIEW,
        "freeze": Capability.ORGANIZE,
        "unfreeze": Capability.ORGANIZE,
        **{name.replace("-", "_"): transition.capability for name, transition in TRANSITIONS.items()},
    }
    filterset_class = ContestFilter
    ordering_fields = ("name", "position", "status", "created_at", "updated_at")
    search_fields = ("name", "slug", "event__name")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        serializer.instance = create_contest(**serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        contest: Contest = serializer.instance  # type: ignore[assignment]
        serializer.instance = change_contest(contest_id=contest.pk, values=serializer.validated_data)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take entries: `draft → open`."""
        return self._move(request, transitions.open_contest)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"], url_path="start-scoring")
    def start_scoring(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take marks: `open → scoring`."""
        return self._move(request, transitions.start_scoring)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def lock(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Close scoring: `scoring → locked`; 409 names the marks that are missing where the rule blocks on them."""
        return self._move(request, transitions.lock_contest)

    @extend_schema(request=StatedReasonSerializer)
    @action(detail=True, methods=["post"], serializer_class=ContestSerializer)
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Go on scoring: `locked → scoring`, for a reason."""
        return self._move(request, transitions.reopen_contest, with_reason=True)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show the certified result: `certified → published`."""
        return self._move(request, transitions.publish_contest)

    @extend_schema(request=StatedReasonSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the certification back, for a reason: `certified, published → locked`."""
        return self._move(request, void_certification, with_reason=True)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Keep the public board as it is now; members go on seeing the live one."""
        return self._move(request, freezing.freeze_board)

    @extend_schema(request=EmptySerializer)
    @action(detail=True, methods=["post"])
    def unfreeze(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let the public board follow again."""
        return self._move(request, freezing.unfreeze_board)

    @extend_schema(parameters=[EXPAND, TOP, AT], responses=ContestBoardSerializer)
    @action(detail=True, methods=["get"])
    def leaderboard(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The winner list: ranks, totals, panel scores, what was dropped, and which tie-breaker decided."""
        with_marks = asks_for_marks(request, others=("top", "at"))
        top, at = asked_top(request), asked_time(request, "at")
        if at is None:
            board = contest_board(self.get_object(), access=self.access, with_marks=with_marks, top=top)
        elif with_marks:
            refuse_marks_of_then()
        else:
            board = board_at(self.get_object(), at, access=self.access, top=top)
        return answer_board(request, show_contest_board(board))

    def _move(self, request: Request, service: Callable[..., object], *, with_reason: bool = False) -> Response:
        contest = self.get_object()
        body = (StatedReasonSerializer if with_reason else EmptySerializer)(data=request.data)
        body.is_valid(raise_exception=True)
        version = expected_version(request, required=False)
        service(contest_id=contest.pk, access=self.access, version=version, **body.validated_data)
        return answer_row(self, self.get_object(), request)


class CategoryViewSet(PartViewSet):
    """Scored segments of contests."""

    model = Category
    serializer_class = CategorySerializer
    filterset_class = CategoryFilter
    ordering_fields = ("name", "position", "created_at")
    search_fields = ("name", "slug")

    def rows(self) -> models.QuerySet[Category]:
        return Category.objects.select_related("contest")

    @extend_schema(parameters=[EXPAND], responses=CategoryBoardSerializer)
    @action(detail=True, methods=["get"])
    def leaderboard(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The standings of this category alone, with places by its own tie-breakers."""
        with_marks = asks_for_marks(request)
        board = category_board(self.get_object(), access=self.access, with_marks=with_marks)
        return answer_board(request, show_category_board(board))


class CriterionViewSet(PartViewSet):
    """What judges mark."""

    model = Criterion
    serializer_class = CriterionSerializer
    filterset_class = CriterionFilter
    ordering_fields = ("name", "position", "created_at")
    search_fields = ("name",)

    def rows(self) -> models.QuerySet[Criterion]:
        return Criterion.objects.select_related("category")
