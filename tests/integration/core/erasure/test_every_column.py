"""Wherever an address has been written down, an erasure finds it: in every text of every table."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.core.erasure.services import erase_person
from tests.integration.core.erasure.dump import mentioning
from tests.integration.core.house import House

ADDRESS = "aino.rasanen@example.org"


def texts_of(model: type[models.Model]) -> Iterator[models.Field[object, object]]:
    """The columns that could hold an address.

    What is hashed can't be changed, and is written by nobody but us; correlation ids have no `@` in them.
    """
    for field in model._meta.local_concrete_fields:
        if not isinstance(field, models.CharField | models.TextField | models.JSONField):
            continue
        is_short = field.max_length is not None and field.max_length < len(ADDRESS)
        is_hashed = field.name in getattr(model, "hashed_fields", ())
        if not (is_short or is_hashed or field.choices or field.primary_key or field.name == "correlation_id"):
            yield field


def write_down(model: type[models.Model]) -> bool:
    """Put the address into each text of one row, past every rule of ours; whether there was a row."""
    assignments = [
        sql.SQL("{} = {}").format(
            sql.Identifier(field.column),
            sql.Literal(f'{{"said": "{ADDRESS}"}}' if isinstance(field, models.JSONField) else ADDRESS),
        )
        for field in texts_of(model)
    ]
    if not assignments:
        return False
    statement = sql.SQL("UPDATE {table} SET {assignments} WHERE ctid = (SELECT min(ctid) FROM {table})")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no triggers
        cursor.execute(
            statement.format(table=sql.Identifier(model._meta.db_table), assignments=sql.SQL(", ").join(assignments))
        )
        written = cursor.rowcount
        cursor.execute("SET session_replication_role = origin")
    return bool(written)


def test_an_address_is_found_in_every_column(alice: House) -> None:
    aino = alice.person(Role.ORGANIZER)
    User.objects.filter(pk=aino.pk).update(email=ADDRESS)
    others = [model for model in apps.get_models(include_auto_created=True) if model is not User]
    written = {model._meta.db_table for model in others if write_down(model)}

    before = set(mentioning(ADDRESS))
    erase_person(user_id=aino.pk)

    assert before == written | {"accounts_user"}
    assert mentioning(ADDRESS) == []
