"""Requests made up from the OpenAPI document, in it and off it: every answer is one that the document describes.

The ids in addresses and bodies are those of real rows, so that a request gets past the 404; each one's effects are
undone. The checks are schemathesis's own: no server error, documented status, content type, headers and body,
nothing invalid accepted, nothing valid refused, no way round the sign-in.
"""

from __future__ import annotations

import contextlib
from typing import Any

import schemathesis
from django.apps import apps
from django.core.handlers.wsgi import WSGIHandler
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.transport.serialization import Binary

from tests.integration.core.house import House, token_of
from tests.integration.core.town import Town
from tests.routes import documented, routes

EXAMPLES = 8

# What the document can't say: a filter by an id that is not there, a slug that is taken, a scale that goes down, a
# contest that is locked, a link that is too old, one wrong password too many.
RULES = ["2xx", "400", "401", "403", "404", "409", "410", "412", "422", "428", "429"]

ROUTES = {route.template: route for route in routes()}
MODELS = {model._meta.model_name: model for model in apps.get_models() if model.__module__.startswith("apps.")}


class Application(WSGIHandler):
    """Podium, whose answers are whole: a streamed one is closed, as a server closes it."""

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        with contextlib.closing(super().__call__(environ, start_response)) as answer:
            return [b"".join(answer)]


api = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
api.app = Application()
api.config.checks.positive_data_acceptance.expected_statuses = RULES


@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_every_answer_is_in_the_document(case: Case, town: Town) -> None:
    settle(case, town.alice)
    with town.undone():
        case.call_and_validate(headers={"Authorization": token_of(town.alice.owner)})


def settle(case: Case, house: House) -> None:
    """Put the house's own ids where the request has valid ones, and its own organization."""
    if _is_valid(case, ParameterLocation.PATH):
        values = house.values_for(ROUTES[case.operation.path])
        case.path_parameters = {documented(name): str(value) for name, value in values.items()}
    if _is_valid(case, ParameterLocation.QUERY):
        case.query.pop("cursor", None)  # no text is one; tests/integration/core/rest/test_pagination.py has real ones
        case.query.pop("fields", None)  # a schema can't say what is left out; test_sparse.py beside it can
    if _is_valid(case, ParameterLocation.HEADER) and "X-Organization" in (case.headers or {}):
        case.headers["X-Organization"] = house.organization.slug
    if _is_valid(case, ParameterLocation.BODY) and isinstance(case.body, dict) and not _has_file(case.body):
        case.body = {name: _own(name, value, house) for name, value in case.body.items()}


def _is_valid(case: Case, location: ParameterLocation) -> bool:
    component = case.meta.components.get(location) if case.meta else None
    return component is not None and component.mode is GenerationMode.POSITIVE


def _has_file(body: dict[str, Any]) -> bool:
    """A body that is changed is judged anew, and a file is then taken for text that is none."""
    return any(isinstance(value, Binary) for value in body.values())


def _own(name: str, value: Any, house: House) -> Any:
    """The id of the house's own row where a field names a model."""
    return str(house.one(MODELS[name]).pk) if name in MODELS and isinstance(value, str) else value
