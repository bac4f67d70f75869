"""How views are described in the OpenAPI document: every operation lists its errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from apps.core.rest.problems import CONTENT_TYPE
from apps.core.tenancy import platform_scope


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One thing wrong with one field or row."""

    pointer = serializers.CharField(help_text="JSON pointer into the request (RFC 6901), `?name` for a parameter.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(required=False)
    code = serializers.CharField(help_text="Stable; all of them are in docs/api/errors.md.")
    request_id = serializers.CharField()
    correlation_id = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]


MEANING = {
    400: "The request can't be read.",
    401: "Nobody has signed in.",
    403: "The role does not allow it.",
    404: "Not there, deleted, or another organization's.",
    409: "In conflict with the current state.",
    412: "Somebody else changed it first.",
    422: "Some values are not valid.",
    428: "If-Match is missing.",
    429: "Too many requests.",
    503: "A dependency is away.",
}


class PodiumSchema(AutoSchema):
    """drf-spectacular's schema, with the problem documents that each operation can answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Serializers and filters are made from managers, which want to know whose rows are meant."""
        with platform_scope("the OpenAPI document shows fields and never rows"):
            operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        return operation

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._error_statuses():
            if str(status) not in bodies:
                response = OpenApiResponse(ProblemSerializer, MEANING[status])
                bodies[str(status)] = self._get_response_for_code(response, str(status), [CONTENT_TYPE])  # type: ignore[no-untyped-call]
        return bodies

    def _error_statuses(self) -> list[int]:
        statuses = [400, 401, 403, 429]
        if "{" in self.path:
            statuses.append(404)
        if self.method in {"POST", "PUT", "PATCH", "DELETE"}:
            statuses += [409, 422, 503]
        if self.method in {"PUT", "PATCH", "DELETE"}:
            statuses.append(412)
            if getattr(self.view, "version_required", False):
                statuses.append(428)
        return statuses
