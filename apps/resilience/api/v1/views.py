"""The monitoring API of circuits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core.access import Capability
from apps.core.rest.filters import refuse_unknown_params
from apps.core.rest.pagination import SignedCursorPagination
from apps.core.rest.views import PodiumViewSet
from apps.resilience import selectors, services
from apps.resilience.api.v1 import serializers
from apps.resilience.models import CircuitTransition


class CircuitBreakerViewSet(PodiumViewSet):
    """Every circuit that the caller may see. Operators reset, force open and change modes."""

    model = CircuitTransition
    serializer_class: type[BaseSerializer[Any]] = serializers.NamedCircuitSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.OPERATE}
    lookup_field = "name"
    lookup_value_regex = "[A-Za-z0-9_.:<>-]{1,100}"
    lookup_value_converter = "str"
    pagination_class = None
    ordering = ("-occurred_at", "-id")

    @extend_schema(responses=serializers.CircuitsByNameSerializer)
    def list(self, request: Request) -> Response:
        """All circuits, as an object keyed by name."""
        refuse_unknown_params(request, ())
        circuits = selectors.list_circuits(self.access)
        return Response({name: serializers.CircuitSerializer(view).data for name, view in circuits.items()})

    def retrieve(self, request: Request, name: str) -> Response:
        """One circuit."""
        return self._answer(name)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.NamedCircuitSerializer)
    @action(detail=True, methods=["post"])
    def reset(self, request: Request, name: str) -> Response:
        """Close it everywhere and forget its failures; takes a forced opening back."""
        reason = self._body(serializers.ReasonSerializer)["reason"]
        services.reset_circuit(service=name, reason=reason, actor_id=self.access.user_id)
        return self._answer(name)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.NamedCircuitSerializer)
    @action(detail=True, methods=["post"], url_path="force-open")
    def force_open(self, request: Request, name: str) -> Response:
        """Refuse every call, in every process, until it is reset."""
        reason = self._body(serializers.ReasonSerializer)["reason"]
        services.force_open(service=name, reason=reason, actor_id=self.access.user_id)
        return self._answer(name)

    @extend_schema(request=serializers.ModeSerializer, responses=serializers.NamedCircuitSerializer)
    @action(detail=True, methods=["post"])
    def mode(self, request: Request, name: str) -> Response:
        """Enforce, only monitor, or disable it."""
        body = self._body(serializers.ModeSerializer)
        services.set_policy(service=name, reason=body["reason"], actor_id=self.access.user_id, mode=body["mode"])
        return self._answer(name)

    @extend_schema(responses=serializers.TransitionSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        serializer_class=serializers.TransitionSerializer,
        pagination_class=SignedCursorPagination,
    )
    def history(self, request: Request, name: str) -> Response:
        """Its transitions and what operators did, newest first, with cause and correlation ID."""
        self.transitions = selectors.history_of(self.access, name)
        page = self.paginate_queryset(self.transitions)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def rows(self) -> models.QuerySet[CircuitTransition]:
        """The history that was asked for."""
        return getattr(self, "transitions", CircuitTransition.objects.none())

    def _answer(self, name: str) -> Response:
        return Response(serializers.NamedCircuitSerializer(selectors.find_circuit(self.access, name)).data)

    def _body(self, serializer_class: type[BaseSerializer[Any]]) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        body: dict[str, Any] = serializer.validated_data
        return body


class HealthViewSet(PodiumViewSet):
    """All circuits together."""

    model = CircuitTransition
    serializer_class = serializers.HealthSerializer
    pagination_class = None
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW}

    @extend_schema(responses=serializers.HealthSerializer)
    def list(self, request: Request) -> Response:
        """Healthy, degraded (any circuit open) or critical (more than half of them open)."""
        refuse_unknown_params(request, ())
        return Response(serializers.HealthSerializer(selectors.health_of_all()).data)


class SummaryViewSet(PodiumViewSet):
    """One line for each circuit."""

    model = CircuitTransition
    serializer_class = serializers.SummarySerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW}
    pagination_class = None

    @extend_schema(responses=serializers.SummarySerializer(many=True))
    def list(self, request: Request) -> Response:
        """State, counts and health in per cent."""
        refuse_unknown_params(request, ())
        views = list(selectors.list_circuits(self.access).values())
        return Response(serializers.SummarySerializer(views, many=True).data)
