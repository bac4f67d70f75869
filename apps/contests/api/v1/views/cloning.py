"""Copies of contests and events."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.serializers.cloning import ContestCloneSerializer, EventCloneSerializer
from apps.contests.api.v1.serializers.structure import ContestSerializer
from apps.contests.models import Contest
from apps.contests.services.cloning import clone_contest, clone_event
from apps.core.rest.etags import etag_of
from apps.core.rest.views import PodiumViewSet
from apps.events.api.v1.serializers import EventSerializer
from apps.events.models import Event


class ContestCloneViewSet(PodiumViewSet):
    """Contests out of contests."""

    model = Contest
    serializer_class = ContestCloneSerializer
    filter_backends = ()

    @extend_schema(request=ContestCloneSerializer, responses={201: ContestSerializer}, summary="Copy a contest")
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Copy the contest as a draft: its structure and rules, without contestants, marks and results."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        copy = clone_contest(contest_id=self.get_object().pk, **body.validated_data)
        return _made(ContestSerializer(copy, context=self.get_serializer_context()).data)


class EventCloneViewSet(PodiumViewSet):
    """Events out of events."""

    model = Event
    serializer_class = EventCloneSerializer
    filter_backends = ()

    @extend_schema(request=EventCloneSerializer, responses={201: EventSerializer}, summary="Copy an event")
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Copy the event with the structure of its contests, as drafts, without contestants, marks and results."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        copy = clone_event(event_id=self.get_object().pk, **body.validated_data)
        return _made(EventSerializer(copy, context=self.get_serializer_context()).data)


def _made(shown: Any) -> Response:
    return Response(shown, status=201, headers={"Location": shown["url"], "ETag": etag_of(shown["version"])})
