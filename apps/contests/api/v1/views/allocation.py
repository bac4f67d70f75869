"""Judges chosen for panels."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.allocation import AllocationSerializer, NewAllocationSerializer, show_plan
from apps.contests.models import Contest
from apps.contests.services.allocation import allocate_judges, rehearse_allocation
from apps.core.rest.etags import expected_version
from apps.core.rest.views import PodiumViewSet


class AllocationViewSet(PodiumViewSet):
    """Panels that fill themselves."""

    model = Contest
    serializer_class = NewAllocationSerializer
    filter_backends = ()

    @extend_schema(
        request=NewAllocationSerializer,
        responses={200: AllocationSerializer, 201: AllocationSerializer},
        summary="Choose judges for the panels",
    )
    @action(detail=True, methods=["post"], url_path="allocate-judges")
    def allocate_judges(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Fill the panels (201), or show who would sit where (`dry_run`, 200).

        Nobody sits where they would meet their own affiliation if that can be avoided, loads are even, and judges
        connect the contestants.
        """
        contest = self.get_object()
        body = NewAllocationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        dry_run = body.validated_data["dry_run"]
        if dry_run:
            plan = rehearse_allocation(contest_id=contest.pk, order=body.order)
        else:
            version = expected_version(request, required=False)
            plan = allocate_judges(contest_id=contest.pk, order=body.order, version=version)
        return Response(show_plan(plan, dry_run=dry_run), status=200 if dry_run else 201)
