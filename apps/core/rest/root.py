"""The API's front page: every resource, with its address."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.core.hooks import Hook
from apps.core.rest.views import PodiumView

api_resources: Hook[[], dict[str, str]] = Hook(
    "api_resources", "What the API's front page lists: title to the name of a route."
)


class ApiRootView(PodiumView):
    """Podium's API: start here."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="root", responses={200: dict[str, str]}, summary="List the resources")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the resources of this version with their addresses."""
        del args, kwargs
        routes = {title: name for answer in api_resources() for title, name in answer.items()}
        links = {title: reverse(name, request=request) for title, name in sorted(routes.items())}
        return Response(links)
