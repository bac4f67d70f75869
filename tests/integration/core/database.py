"""What the whole database holds, in a form that can be compared."""

from __future__ import annotations

from uuid import UUID

from django.apps import apps
from django.db import connection

# Written by every request whatever it is about.
APART = {"django_session"}


def contents() -> dict[str, str]:
    """Table → number of rows and a digest over all of them, deleted ones too."""
    tables = sorted(set(connection.introspection.table_names()) - APART)
    return _digests(dict.fromkeys(tables, "true"))


def belongings(organization_id: UUID) -> dict[str, str]:
    """The same of the rows of one organization only."""
    owned = {
        model._meta.db_table: f"organization_id = '{organization_id}'"
        for model in apps.get_models()
        if any(field.attname == "organization_id" for field in model._meta.concrete_fields)
    }
    return _digests({**owned, "accounts_organization": f"id = '{organization_id}'"})


def _digests(conditions: dict[str, str]) -> dict[str, str]:
    digest = "count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
    parts = [
        f"SELECT '{table}', {digest} FROM \"{table}\" t WHERE {condition}" for table, condition in conditions.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def changed(before: dict[str, str]) -> list[str]:
    """The tables that are no longer as they were."""
    after = contents()
    return sorted(table for table in after if after[table] != before[table])
