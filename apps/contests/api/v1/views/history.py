"""How a board came to be what it is."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.history import BoardChangesSerializer, ChangesQuerySerializer, show_changes
from apps.contests.api.v1.views.boards import answer_board
from apps.contests.models import Contest
from apps.contests.selectors.changes import board_changes
from apps.core.access import Capability
from apps.core.rest.params import read_params
from apps.core.rest.views import PodiumViewSet


class HistoryViewSet(PodiumViewSet):
    """What happened to a contest's board."""

    model = Contest
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "metadata": Capability.VIEW}

    @extend_schema(parameters=[ChangesQuerySerializer], responses=BoardChangesSerializer)
    @action(detail=True, methods=["get"], url_path="leaderboard/changes")
    def changes(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Explain each change of a place by what made it: a mark, a deduction, a withdrawal, a rule, a delete."""
        asked = read_params(request, ChangesQuerySerializer)
        contest = self.get_object()
        return answer_board(
            request, show_changes(contest, board_changes(contest, access=self.access, **asked), self.access)
        )
