"""Rules that the database keeps by triggers.

To Django they are constraints of their model: migrations create and drop them, and notice when they change, and test
databases without migrations have them too.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint
from psycopg import sql

from apps.core.errors import PodiumError


class TriggerConstraint(BaseConstraint):
    """A rule that a trigger keeps, declared among a model's constraints."""

    def statements(self, table: str) -> list[sql.Composable]:
        """What creates it."""
        raise NotImplementedError

    def removal(self, table: str) -> list[sql.Composable]:
        """What drops it."""
        raise NotImplementedError

    def explain(self, detail: str) -> PodiumError | None:
        """What a refusal means to the caller, by the DETAIL that the trigger raises; None where it means nothing."""
        del detail
        return None

    def create_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return _script(self.statements(_table(model)), schema_editor)

    def remove_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return _script(self.removal(_table(model)), schema_editor)

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        """Nothing inside CREATE TABLE: the trigger is made once the table is there."""
        script = self.create_sql(model, schema_editor)
        if schema_editor is not None and script:
            schema_editor.deferred_sql.append(script)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to check in Python: the database does, under its locks."""


def _table(model: type[models.Model] | None) -> str:
    if model is None:
        raise TypeError("A trigger belongs to a table.")
    return model._meta.db_table


def _script(statements: list[sql.Composable], schema_editor: BaseDatabaseSchemaEditor | None) -> str | None:
    if not statements:
        return None
    connection = schema_editor.connection.connection if schema_editor is not None else None
    return ";\n".join(statement.as_string(connection) for statement in statements)
