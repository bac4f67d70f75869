"""Looks through every stored text for what names a person.

An address is theirs wherever it stands. A name may be somebody else's too, so names are replaced only in what the
platform has written down (labels, payloads, results), never in what people keep of others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from apps.core.audit.models import AuditRecord
from apps.core.erasure.rows import ERASED, NOBODY, personal_fields_of
from apps.core.softdelete.metadata import is_soft_deleted

SHORTEST_NAME = 3
TEXT = (models.CharField, models.TextField, models.JSONField)

REPLACE = sql.SQL("regexp_replace({value}, {pattern}, {replacement}, {flags})")
UPDATE = sql.SQL("UPDATE {table} SET {assignments} WHERE {condition}")


def sweep(*, addresses: Sequence[str], names: Sequence[str]) -> int:
    """Replace `addresses` in every text of the database, and `names` in the platform's own; rows changed."""
    changed = 0
    spelled = [name for name in names if not (_could_be_a_word(name) and name.islower())]
    every = apps.get_models(include_auto_created=True)
    for model in sorted(every, key=lambda model: model is AuditRecord):  # history last: the others write it
        columns = [field for field in model._meta.local_concrete_fields if _is_swept(field)]
        words = [*addresses] if _is_peoples(model) else [*addresses, *spelled]
        if columns and words and model._meta.managed:
            changed += _sweep_table(model._meta.db_table, columns, words)
    return changed


def _could_be_a_word(name: str) -> bool:
    """Whether it might be a word of ours: somebody called “import” must not rename what jobs do.

    Such a name is replaced only as it is spelled, and not at all where that is how ours are.
    """
    return name.isalnum()


def _is_peoples(model: type[models.Model]) -> bool:
    """Whether its texts are what people keep: then a name in them may be another person's."""
    return is_soft_deleted(model) or model is AuditRecord or bool(personal_fields_of(model))


def _is_swept(field: Any) -> bool:
    exempt = getattr(field.model, "hashed_fields", ())  # what is hashed can't change, and so names nobody
    return isinstance(field, TEXT) and not field.choices and not field.primary_key and field.name not in exempt


def _sweep_table(table: str, columns: Sequence[Any], words: Sequence[str]) -> int:
    assignments, conditions = [], []
    for field in columns:
        name, is_json = sql.Identifier(field.column), isinstance(field, models.JSONField)
        value: sql.Composable = sql.SQL("{}::text").format(name)
        patterns = [pattern_of(word, as_json=is_json) for word in words]
        conditions.append(sql.SQL("{} ~* {}").format(value, sql.Literal("|".join(patterns))))
        for word, pattern in zip(words, patterns, strict=True):
            instead = f"{ERASED[1:-1]}@{NOBODY}" if "@" in word else ERASED
            flags = "g" if _could_be_a_word(word) else "gi"
            value = REPLACE.format(
                value=value, pattern=sql.Literal(pattern), replacement=sql.Literal(instead), flags=sql.Literal(flags)
            )
        cast = sql.SQL("::jsonb") if is_json else sql.SQL("")
        assignments.append(sql.SQL("{} = {}{}").format(name, value, cast))
    statement = UPDATE.format(
        table=sql.Identifier(table),
        assignments=sql.SQL(", ").join(assignments),
        condition=sql.SQL(" OR ").join(conditions),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def pattern_of(word: str, *, as_json: bool = False) -> str:
    """A regular expression of PostgreSQL's (ARE) that finds `word` alone, not inside another one."""
    text = json.dumps(word, ensure_ascii=False)[1:-1] if as_json else word
    literal = re.sub(r"([^\w\s])", r"\\\1", text)
    return rf"(?<![\w.+-]){literal}(?!\.?[\w-])"
