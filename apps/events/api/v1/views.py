"""Events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core.access import Capability
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin, answer_row, organization_required
from apps.core.softdelete.rest import SoftDeleteMixin
from apps.events import services
from apps.events.api.v1.filters import EventFilter
from apps.events.api.v1.serializers import EventSerializer
from apps.events.models import Event


class EventViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """What the organization runs."""

    model = Event
    serializer_class = EventSerializer
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.VIEW,
        "write": Capability.ORGANIZE,
        "publish": Capability.PUBLISH,
    }
    filterset_class = EventFilter
    ordering_fields = ("starts_at", "ends_at", "name", "created_at")
    search_fields = ("name", "venue", "slug")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Set up a draft."""
        serializer.instance = services.create_event(
            organization_id=organization_required(self.access), **serializer.validated_data
        )

    @extend_schema(request=None, summary="Show the event to its people")
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show the event to its people: `draft → published`."""
        return self._transition(request, services.publish_event)

    @extend_schema(request=None, summary="Begin the event")
    @action(detail=True, methods=["post"], url_path="go-live")
    def go_live(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Begin the event: `published → live`."""
        return self._transition(request, services.start_event)

    @extend_schema(request=None, summary="End the event")
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End the event: `live → completed`."""
        return self._transition(request, services.complete_event)

    @extend_schema(request=None, summary="Put the event away")
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put the event away for good: `completed → archived`."""
        return self._transition(request, services.archive_event)

    @extend_schema(request=None, summary="Call the event off")
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Call the event off, from any status before `completed`."""
        return self._transition(request, services.cancel_event)

    @transaction.atomic
    def _transition(self, request: Request, move: Callable[..., Event]) -> Response:
        return answer_row(self, move(event=self.locked_object()), request)
