"""Circuits as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from apps.core.rest.serializers import StrictSerializer
from apps.resilience.models import CircuitTransition, ModeChoice, StateChoice

HEALTH_STATES = [("healthy", "healthy"), ("degraded", "degraded"), ("critical", "critical")]


class CircuitSerializer(serializers.Serializer[Any]):
    """One circuit."""

    state = serializers.ChoiceField(choices=StateChoice.choices)
    failure_count = serializers.IntegerField(help_text="Failures within the window.")
    failure_threshold = serializers.IntegerField()
    success_count = serializers.IntegerField(help_text="Successful probes of the present half-open period.")
    success_threshold = serializers.IntegerField()
    opened_at = serializers.DateTimeField(allow_null=True)
    last_failure_time = serializers.DateTimeField(allow_null=True)
    last_success_time = serializers.DateTimeField(allow_null=True)
    total_requests = serializers.IntegerField(help_text="Since the circuit exists, refusals included.")
    rejected = serializers.IntegerField(help_text="Calls that were refused.")
    window = serializers.FloatField(help_text="Length of the rolling window in seconds.")
    window_requests = serializers.IntegerField(help_text="Calls within the window.")
    volume_threshold = serializers.IntegerField()
    failure_rate = serializers.FloatField(allow_null=True)
    mode = serializers.ChoiceField(choices=ModeChoice.choices)
    retry_budget_left = serializers.FloatField(
        allow_null=True, help_text="Retries that the answering process has left."
    )
    next_attempt_at = serializers.DateTimeField(allow_null=True, help_text="When an open circuit may be tried again.")
    last_error = serializers.CharField(allow_blank=True)
    generation = serializers.IntegerField(help_text="Grows with every transition.")
    shared = serializers.BooleanField(
        help_text="Whether these are the cluster's numbers; false while the shared store is away."
    )


@extend_schema_serializer(many=False)
class CircuitsByNameSerializer(serializers.Serializer[Any]):
    """All circuits, as an object keyed by name: only a name for its shape in the OpenAPI document."""


class CircuitsByNameShape(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Describes that object: any name, each with a circuit."""

    target_class = CircuitsByNameSerializer

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        circuit = auto_schema.resolve_serializer(CircuitSerializer, direction)
        return {"type": "object", "additionalProperties": circuit.ref}


class NamedCircuitSerializer(CircuitSerializer):
    """One circuit with its name."""

    name = serializers.CharField()


@extend_schema_serializer(many=False)
class HealthSerializer(serializers.Serializer[Any]):
    """All circuits together."""

    status = serializers.ChoiceField(choices=HEALTH_STATES)
    timestamp = serializers.DateTimeField()
    total_circuits = serializers.IntegerField()
    circuits_by_state = serializers.DictField(child=serializers.IntegerField())
    open_circuits = serializers.ListField(child=serializers.CharField())
    shared = serializers.BooleanField()


class SummarySerializer(serializers.Serializer[Any]):
    """One circuit in a line."""

    name = serializers.CharField()
    state = serializers.ChoiceField(choices=StateChoice.choices)
    failure_count = serializers.IntegerField()
    failure_threshold = serializers.IntegerField()
    success_count = serializers.IntegerField()
    success_threshold = serializers.IntegerField()
    health_percentage = serializers.IntegerField()


class TransitionSerializer(serializers.ModelSerializer[CircuitTransition]):
    """One entry of a circuit's history."""

    class Meta:
        model = CircuitTransition
        fields = (
            "id",
            "circuit_name",
            "source",
            "target",
            "generation",
            "cause",
            "failure_count",
            "last_error",
            "scope",
            "action",
            "actor_id",
            "correlation_id",
            "occurred_at",
        )


class ReasonSerializer(StrictSerializer):
    """Why an operator does it."""

    reason = serializers.CharField(max_length=500)


class ModeSerializer(ReasonSerializer):
    """A mode, and why."""

    mode = serializers.ChoiceField(choices=ModeChoice.choices)
