"""What a body can't reach, whoever sends it: whose a row is, its key, its version, its deletion, who is staff."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection

from apps.core.ids import new_id
from apps.core.rest.serializers import StrictFieldsMixin
from tests.integration.core.authorisation import is_for
from tests.integration.core.calls import call_of, status_of
from tests.integration.core.requests import body_of, send, text_of
from tests.integration.core.town import Town
from tests.routes import Operation, operations

FORGED_ID = new_id()
GUARDED = ("organization_id", "deleted_at", "deleted_by", "deletion_id", "is_staff", "is_superuser", "created_at")
OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
WRITES = [
    operation
    for operation in operations()
    if operation.action in {"create", "update", "partial_update"} and call_of(operation).format == "json"
]


def forgeries(town: Town) -> dict[str, Any]:
    """Field → what somebody would like it to be."""
    moment = "2020-01-01T00:00:00Z"
    return {
        "id": str(FORGED_ID),
        "pk": str(FORGED_ID),
        "organization": str(town.bob.organization.pk),
        "organization_id": str(town.bob.organization.pk),
        "owner": str(town.bob.owner.pk),
        "deleted_at": moment,
        "deleted_by": str(FORGED_ID),
        "deletion_id": str(FORGED_ID),
        "created_at": moment,
        "is_staff": True,
        "is_superuser": True,
    }


def guarded() -> dict[tuple[str, str], dict[str, Any]]:
    """Every row of every model, by its guarded columns."""
    parts = []
    for model in OURS:
        columns = {field.attname for field in model._meta.concrete_fields} & set(GUARDED)
        pairs = ", ".join(f"'{column}', {column}" for column in sorted(columns))
        row = f"SELECT '{model._meta.label}', {model._meta.pk.column}::text, jsonb_build_object({pairs})"
        parts.append(f'{row} FROM "{model._meta.db_table}"')
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {(label, key): json.loads(columns) for label, key, columns in cursor.fetchall()}


def test_every_body_of_a_write_is_read_by_a_strict_serializer() -> None:
    """The base refuses what it does not know; a serializer without it would take anything in silence."""
    lax = [str(o) for o in WRITES if not issubclass(o.route.view.serializer_class, StrictFieldsMixin)]

    assert lax == []


@pytest.mark.parametrize("operation", WRITES, ids=str)
def test_forged_columns_have_no_effect(operation: Operation, town: Town) -> None:
    """Each is refused by name, or passed over: no row that there was changes in them, and no new one has them."""
    client = town.callers["owner" if is_for("owner", operation) else "operator"]
    body = body_of(operation, town.alice)
    call_of(operation).prepare(town.alice)
    before = guarded()
    for field, value in forgeries(town).items():
        if field == "owner" and "owner_email" in body:
            continue
        with town.undone():
            answer = send(client, operation, town.alice, body={**body, field: value})
            after = guarded()
        if answer.status_code == 422:
            assert [entry["pointer"] for entry in answer.json()["errors"]] == [f"#/{field}"]
        else:
            assert answer.status_code == status_of(operation), (field, text_of(answer))
        assert {key: row for key, row in after.items() if key in before} == before, field
        for (label, key), row in after.items():
            if (label, key) not in before:
                assert key != str(FORGED_ID)
                assert row.get("organization_id") != str(town.bob.organization.pk), label
                assert not any(row.get(flag) for flag in ("deleted_at", "is_staff", "is_superuser")), label
                assert row.get("created_at") is None or row["created_at"] > "2021", label


@pytest.mark.parametrize("operation", [o for o in WRITES if o.action == "create"], ids=str)
def test_a_new_row_begins_with_version_one(operation: Operation, town: Town) -> None:
    client = town.callers["owner" if is_for("owner", operation) else "operator"]
    answer = send(client, operation, town.alice, body={**body_of(operation, town.alice), "version": 999})

    assert (answer.status_code, answer.json()["version"]) == (201, 1)
    assert answer.headers["ETag"] == '"1"'
    UUID(answer.json()["id"])
