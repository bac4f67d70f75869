"""Looks through every stored text for what names a person.

An address is theirs wherever it stands. A name may be somebody else's too, so names are replaced only in what the
platform has written down (labels, payloads, results), never in what people keep of others. What people have written
and nobody can correct any more (a model's `settled_fields`) is the platform's in this, and so is its history.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Q
from psycopg import sql

from apps.core.audit.models import AuditRecord
from apps.core.audit.trail import columns_of
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
        columns = {
            field: [*addresses] if _is_peoples(field) else [*addresses, *spelled]
            for field in model._meta.local_concrete_fields
            if _is_swept(field)
        }
        if any(columns.values()) and model._meta.managed:
            changed += _sweep_table(model._meta.db_table, columns)
    return changed + sum(_sweep_history(model, spelled) for model in every if settled_fields_of(model))


def _could_be_a_word(name: str) -> bool:
    """Whether it might be a word of ours: somebody called “import” must not rename what jobs do.

    Such a name is replaced only as it is spelled, and not at all where that is how ours are.
    """
    return name.isalnum()


def settled_fields_of(model: type[models.Model]) -> tuple[str, ...]:
    """The texts of a soft-deleted model that nobody can correct once they are settled."""
    fields: tuple[str, ...] = getattr(model, "settled_fields", ())
    return fields


def _is_peoples(field: Any) -> bool:
    """Whether it holds what people keep: then a name in it may be another person's."""
    model = field.model
    if field.name in settled_fields_of(model):
        return False
    return is_soft_deleted(model) or model is AuditRecord or bool(personal_fields_of(model))


def _is_swept(field: Any) -> bool:
    exempt = getattr(field.model, "hashed_fields", ())  # what is hashed can't change, and so names nobody
    return isinstance(field, TEXT) and not field.choices and not field.primary_key and field.name not in exempt


def _sweep_table(table: str, columns: Mapping[Any, Sequence[str]]) -> int:
    assignments, conditions = [], []
    for field, words in columns.items():
        if not words:
            continue
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


def _sweep_history(model: type[models.Model], names: Sequence[str]) -> int:
    """Take names out of what settled texts were, too."""
    columns, changed = columns_of(model, settled_fields_of(model)), 0
    told = Q(old__has_any_keys=columns) | Q(new__has_any_keys=columns)
    for record in AuditRecord.of_all_organizations.filter(told, model=model._meta.label_lower).iterator():
        before = (record.old, record.new)
        record.old, record.new = (_without_names(values, columns, names) for values in before)
        if (record.old, record.new) != before:
            AuditRecord.of_all_organizations.filter(pk=record.pk).update(old=record.old, new=record.new)
            changed += 1
    return changed


def _without_names(values: Any, columns: Sequence[str], names: Sequence[str]) -> Any:
    found = dict(values or {})
    for column in found.keys() & set(columns):
        for name in names:
            flags = 0 if _could_be_a_word(name) else re.IGNORECASE
            found[column] = re.sub(pattern_of(name), ERASED, str(found[column]), flags=flags)
    return found if values is not None else None


def pattern_of(word: str, *, as_json: bool = False) -> str:
    """A regular expression of PostgreSQL's (ARE) that finds `word` alone, not inside another one."""
    text = json.dumps(word, ensure_ascii=False)[1:-1] if as_json else word
    literal = re.sub(r"([^\w\s])", r"\\\1", text)
    return rf"(?<![\w.+-]){literal}(?!\.?[\w-])"
