"""How views are described in the OpenAPI document: every operation lists its errors."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import mixins, serializers

from apps.core.idempotency.errors import HEADER
from apps.core.rest import sparse
from apps.core.rest.idempotency import PATTERN, REPLAYED
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


JSON = "application/json"

MEANING = {
    400: "The request can't be read.",
    401: "Nobody has signed in.",
    403: "The role does not allow it.",
    404: "Not there, deleted, or another organization's.",
    406: "None of the accepted formats or versions is offered; `supported` names the versions.",
    409: "In conflict with the current state.",
    410: "What this needs is gone: a link that was used, a text that was erased, a row deleted just now.",
    412: "Somebody else changed it first.",
    413: "The body is too large.",
    415: "This content type is not understood.",
    422: "Some values are not valid.",
    428: "If-Match is missing.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "A dependency is away; `Retry-After` says when to come back.",
}
EVERYWHERE = (400, 401, 403, 404, 406, 429, 503)
WRITES = (409, 410, 412, 413, 415, 422)

READS = (mixins.ListModelMixin, mixins.RetrieveModelMixin)

SUMMARIES = {
    "list": "List {plural}",
    "create": "Make {one}",
    "retrieve": "Read {one}",
    "update": "Replace {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
    "restore": "Restore {one}",
    "deletion_preview": "See what deleting {one} takes along",
}
STANDARD = frozenset({"list", "create", "retrieve", "update", "partial_update", "destroy"})

ORGANIZATION = OpenApiParameter(
    "X-Organization",
    str,
    OpenApiParameter.HEADER,
    description="The slug of the organization to act in; needed by those who belong to several.",
)


KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": PATTERN},
    OpenApiParameter.HEADER,
    description="The caller's name for this request: sent again under it, within a day, the request is done once.",
)
WAS_REPLAYED = OpenApiParameter(
    REPLAYED,
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    description="There when this answer was given before, to the same request under the same `Idempotency-Key`.",
    response=[200, 201, 202, 204],
)


def _list_parameters(view: Any) -> list[OpenApiParameter]:
    """`search` and `ordering` by the view's fields; drf-spectacular asks django-filter, which knows neither."""
    parameters = []
    searched, ordered = getattr(view, "search_fields", ()), getattr(view, "ordering_fields", ())
    if searched:
        names = ", ".join(field.replace("__", ".") for field in searched)
        parameters.append(OpenApiParameter("search", str, description=f"Text that {names} contains."))
    if ordered:
        values = [way + field for field in ordered for way in ("", "-")]
        parameters.append(
            OpenApiParameter(
                "ordering", str, enum=values, many=True, explode=False, description="`-` turns it round."
            )
        )
    if "include_deleted" in getattr(view, "extra_query_params", ()):
        parameters += [
            OpenApiParameter("include_deleted", bool, description="Deleted rows too; for admins and owners."),
            OpenApiParameter("only_deleted", bool, description="Deleted rows only; for admins and owners."),
        ]
    return parameters


def _sparse_parameter(view: Any) -> OpenApiParameter:
    return OpenApiParameter(
        sparse.PARAMETER,
        str,
        enum=sparse.fields_of(view.get_serializer()),
        many=True,
        explode=False,
        description="Only these members of each row; those that are required are left out too.",
    )


def share_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's last step: each kind of problem is described once, and referred to by the operations."""
    shared = result.setdefault("components", {}).setdefault("responses", {})
    for operations in result["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status in [status for status, answer in answers.items() if CONTENT_TYPE in answer.get("content", {})]:
                shared.setdefault(f"Problem{status}", answers[status])
                answers[status] = {"$ref": f"#/components/responses/Problem{status}"}
    return result


class PodiumSchema(AutoSchema):
    """drf-spectacular's schema, with names for people and the problem documents that each operation can answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Serializers and filters are made from managers, which want to know whose rows are meant."""
        with platform_scope("the OpenAPI document shows fields and never rows"):
            operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        return operation

    def get_operation_id(self) -> str:
        """Actions are named after themselves: `contests_lock`, not `contests_lock_create`."""
        name = str(super().get_operation_id())
        return name if self._action in {None, *STANDARD} else name.rpartition("_")[0]

    def get_summary(self) -> str | None:
        """What the operation does to what; the first clause of its docstring where it does more than the usual."""
        model = getattr(self.view, "model", None)
        template = SUMMARIES.get(self._action or "")
        own = vars(type(self.view)).get(self._action or "")
        if template is None or model is None or getattr(own, "__doc__", None):
            return re.split(r"[.:;](?:\s|$)", self.get_description(), maxsplit=1)[0]
        one, plural = str(model._meta.verbose_name), str(model._meta.verbose_name_plural)
        article = "an" if one[0] in "aeiou" else "a"
        return template.format(one=f"{article} {one}", plural=plural)

    def get_override_parameters(self) -> list[Any]:
        """The header that decides whose rows are meant, and what lists take beside their filters."""
        parameters = [*super().get_override_parameters()]
        if hasattr(self.view, "capabilities"):
            parameters.append(ORGANIZATION)
        if self.method == "POST" and self.view.authentication_classes:
            parameters += [KEY, WAS_REPLAYED]
        if self._action == "list" and self._is_list_view():
            parameters += _list_parameters(self.view)
        if self._action in sparse.ACTIONS and isinstance(self.view, READS):
            parameters.append(_sparse_parameter(self.view))
        return parameters

    def _get_format_parameters(self) -> list[Any]:
        """None: programs ask by `Accept`; `?format=` is for people with a browser."""
        return []

    def map_parsers(self) -> list[str]:
        """Bodies are JSON, or uploads. Forms are read too, for the browsable API, by the rules of HTML forms."""
        media_types: list[str] = super().map_parsers()
        return [JSON] if JSON in media_types else media_types

    @property
    def _action(self) -> str | None:
        return getattr(self.view, "action", None)

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._error_statuses():
            if str(status) not in bodies:
                response = OpenApiResponse(ProblemSerializer, MEANING[status])
                bodies[str(status)] = self._get_response_for_code(response, str(status), [CONTENT_TYPE])  # type: ignore[no-untyped-call]
        return dict(sorted(bodies.items()))

    def _error_statuses(self) -> tuple[int, ...]:
        if self.method == "GET":
            return EVERYWHERE
        required = getattr(self.view, "version_required", False) and self.method != "POST"
        return (*EVERYWHERE, *WRITES, 428) if required else (*EVERYWHERE, *WRITES)
