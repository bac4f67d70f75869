"""What results say about judges, places and rules."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.analysis import (
    ContestJudgesSerializer,
    ContestStabilitySerializer,
    StabilityQuerySerializer,
    show_judges,
    show_stability,
)
from apps.contests.api.v1.serializers.comparing import ComparisonSerializer, WhatIfSerializer, show_comparison
from apps.contests.api.v1.views.boards import answer_board
from apps.contests.models import Contest
from apps.contests.selectors.analysis import compare_rules, read_judge_statistics, read_stability
from apps.contests.services.holding import require_changeable
from apps.core.access import Capability
from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.params import read_params
from apps.core.rest.views import PodiumViewSet


class AnalysisViewSet(PodiumViewSet):
    """Judges, places and rules of a contest, looked at more closely. Nothing here changes anything."""

    model = Contest
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.READ_MARKS,
        "what_if": Capability.ORGANIZE,
        "metadata": Capability.VIEW,
    }

    @extend_schema(responses=ContestJudgesSerializer)
    @action(detail=True, methods=["get"], url_path="judge-statistics")
    def judge_statistics(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How each judge marked: mean, spread, distance from the panel, agreement with the final order, outliers."""
        refuse_unknown_params(request, ())
        contest = self.get_object()
        return answer_board(request, show_judges(contest, read_judge_statistics(contest)))

    @extend_schema(parameters=[StabilityQuerySerializer], responses=ContestStabilitySerializer)
    @action(detail=True, methods=["get"])
    def stability(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How firm the places are: in how many drawn panels, and without which judge, they would be the same."""
        asked = read_params(request, StabilityQuerySerializer)
        contest = self.get_object()
        return answer_board(request, show_stability(contest, read_stability(contest, **asked)))

    @extend_schema(request=WhatIfSerializer, responses=ComparisonSerializer)
    @action(detail=True, methods=["post"], url_path="what-if", serializer_class=WhatIfSerializer)
    def what_if(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The winner list by other rules beside the present one, and who moves, as long as rules may change."""
        contest = self.get_object()
        require_changeable(contest)
        body = WhatIfSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = compare_rules(contest, rule=body.contest_rule, categories=body.category_rules)
        return Response(show_comparison(contest, found))
