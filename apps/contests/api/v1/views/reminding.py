"""Judges who are asked for their marks."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.reminding import RemindersSerializer, show_reminders
from apps.contests.api.v1.serializers.structure import EmptySerializer
from apps.contests.models import Contest
from apps.contests.services.reminding import remind_judges
from apps.core.access import Capability
from apps.core.rest.etags import expected_version
from apps.core.rest.views import PodiumViewSet


class RemindingViewSet(PodiumViewSet):
    """Marks that are still to be given. Who may ask for them has one of two capabilities, so the service decides."""

    model = Contest
    serializer_class = EmptySerializer
    capabilities: ClassVar[dict[str, Capability]] = {"remind_judges": Capability.VIEW}
    filter_backends = ()

    @extend_schema(request=EmptySerializer, responses=RemindersSerializer, summary="Remind the judges who are behind")
    @action(detail=True, methods=["post"], url_path="remind-judges")
    def remind_judges(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask the judges who have marks to give for them, by mail, while the contest is being scored.

        A mail names the contest, the categories and how many marks are missing, and no contestant. Nobody gets more
        than one in an hour for a contest.
        """
        contest = self.get_object()
        EmptySerializer(data=request.data).is_valid(raise_exception=True)
        version = expected_version(request, required=False)
        return Response(show_reminders(remind_judges(contest_id=contest.pk, access=self.access, version=version)))
