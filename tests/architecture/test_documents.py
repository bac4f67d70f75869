"""Documents that are made from the code say what the code says."""

from __future__ import annotations

import json
import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from apps.core.outbox.catalogue import catalogue
from apps.core.rest.catalogue import error_codes, markdown
from apps.core.rest.problems import CONTENT_TYPE
from apps.messaging.documents import asyncapi
from apps.messaging.management.commands.event_documents import DOCUMENTS
from tests.routes import operations

ROOT = Path(__file__).resolve().parents[2]
ABOUT_THE_DOCUMENT = {"v1:schema", "v1:docs", "v1:redoc"}


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    """The OpenAPI document as the code makes it, which makes none of the generator's warnings."""
    reset_generator_stats()
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    assert dict(GENERATOR_STATS._warn_cache) == {}
    assert dict(GENERATOR_STATS._error_cache) == {}
    validate_schema(document)
    return document


def _described(openapi: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    }


def test_the_openapi_document_is_that_of_the_code(openapi: dict[str, Any]) -> None:
    """After a change: `manage.py spectacular --file docs/api/openapi.yaml`.

    That it's the same to the letter, tests/integration/core/rest/test_document.py says: to write YAML takes seconds.
    """
    committed = yaml.load((ROOT / "docs/api/openapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)

    assert committed == json.loads(OpenApiJsonRenderer().render(openapi, renderer_context={}))


def test_every_operation_of_the_api_is_in_the_openapi_document(openapi: dict[str, Any]) -> None:
    registered = {f"{o.method} {o.route.template}" for o in operations() if o.route.name not in ABOUT_THE_DOCUMENT}

    assert set(_described(openapi)) == registered


def test_every_operation_is_named_for_programs_and_for_people(openapi: dict[str, Any]) -> None:
    described = _described(openapi)
    ids = [operation["operationId"] for operation in described.values()]

    assert [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []
    assert sorted(set(ids)) == sorted(ids)
    assert [key for key, operation in described.items() if not 3 < len(operation.get("summary", "")) <= 100] == []
    assert [key for key, operation in described.items() if not operation.get("description")] == []


def test_every_operation_lists_its_errors_as_problem_documents(openapi: dict[str, Any]) -> None:
    every, write = {"400", "401", "403", "404", "406", "429", "503"}, {"409", "412", "413", "415", "422"}
    for key, operation in _described(openapi).items():
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}

        assert set(errors) >= (every if key.startswith("GET") else every | write), key
        assert errors == {status: {"$ref": f"#/components/responses/Problem{status}"} for status in errors}, key
    shared = openapi["components"]["responses"].values()
    assert [list(answer["content"]) for answer in shared] == [[CONTENT_TYPE]] * len(shared)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_of_events_are_those_of_the_code(name: str) -> None:
    """After a change: `manage.py event_documents docs`."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == DOCUMENTS[name]()


def test_every_event_that_an_organization_can_hear_of_is_a_webhook(openapi: dict[str, Any]) -> None:
    events = {name: one for name, one in catalogue().items() if not one.of_platform and one.app != "zoo"}

    assert sorted(openapi["webhooks"]) == sorted(events) == sorted(asyncapi.document()["components"]["messages"])
    for name, webhook in openapi["webhooks"].items():
        content = webhook["post"]["requestBody"]["content"]["application/json"]
        whole = {**content["schema"], "components": openapi["components"]}
        Draft202012Validator(whole).validate(content["example"])
        assert content["example"]["type"] == name


def test_the_asyncapi_document_refers_to_what_it_has() -> None:
    document = yaml.safe_load(asyncapi.as_yaml())
    assert document == asyncapi.document()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                reduce(lambda at, step: at[step], value["$ref"].removeprefix("#/").split("/"), document)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(document)


def test_every_error_code_is_in_the_docs() -> None:
    """After a change: `manage.py error_codes docs/api/errors.md`."""
    assert (ROOT / "docs/api/errors.md").read_text(encoding="utf-8") == markdown()


def test_a_code_has_one_shape_one_status_and_a_meaning() -> None:
    entries = error_codes()
    codes = [entry.code for entry in entries]

    assert [code for code in codes if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", code)] == []
    assert sorted(set(codes)) == sorted(codes)
    assert [entry.code for entry in entries if not entry.title or not entry.meaning] == []
