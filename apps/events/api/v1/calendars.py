"""Events as calendar files, for members and behind a link."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.renderers import CalendarRenderer, PlainJSONRenderer
from apps.core.rest.views import PodiumView, PodiumViewSet
from apps.events.api.v1.serializers import CalendarLinkSerializer
from apps.events.models import Event
from apps.events.selectors import calendar_of, calendar_token, event_of_token
from apps.events.services import revoke_calendar_link

CALENDAR = "text/calendar"
FILE = {(200, CALENDAR): OpenApiResponse(OpenApiTypes.STR, "An iCalendar file (RFC 5545).")}


def _file(event: Event) -> HttpResponse:
    response = HttpResponse(calendar_of(event), content_type=f"{CALENDAR}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{event.slug}.ics"'
    return response


class EventCalendarViewSet(PodiumViewSet):
    """An event in people's calendars."""

    model = Event
    serializer_class = CalendarLinkSerializer
    filter_backends = ()

    @extend_schema(responses=FILE, summary="Download the event for a calendar")
    @action(detail=True, methods=["get"], renderer_classes=[CalendarRenderer, *PodiumViewSet.renderer_classes])
    def calendar(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The event as an iCalendar file. A later download replaces the entry of an earlier one."""
        refuse_unknown_params(request, ())
        return _file(self.get_object())

    @extend_schema(responses=CalendarLinkSerializer)
    @action(detail=True, methods=["get"], url_path="calendar-link")
    def calendar_link(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read the link that calendar programs can fetch the event by, without signing in."""
        refuse_unknown_params(request, ())
        return self._link(self.get_object())

    @extend_schema(request=None, responses=CalendarLinkSerializer)
    @action(detail=True, methods=["post"], url_path="calendar-link/revoke")
    @transaction.atomic
    def revoke_calendar_link(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Revoke the link, and get another one."""
        return self._link(revoke_calendar_link(event=self.locked_object()))

    def _link(self, event: Event) -> Response:
        url = reverse("v1:events:calendar", [calendar_token(event)], request=self.request)
        return Response({"url": url})


class CalendarView(PodiumView):
    """An event's calendar behind its link: the link is the right to read it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (CalendarRenderer, PlainJSONRenderer)

    @extend_schema(responses=FILE, summary="Fetch an event by its calendar link", auth=[])
    def get(self, request: Request, token: str) -> HttpResponse:
        """The event as an iCalendar file, for calendar programs. 404 once the link is revoked."""
        refuse_unknown_params(request, ())
        return _file(event_of_token(token))
