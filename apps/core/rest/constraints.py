"""A violated constraint, as the conflict or invalid field that it means.

DRF does not check conditional constraints, and no check in Python could hold under concurrency: the database decides,
and this module finds the field that belongs to the constraint's name.
"""

from __future__ import annotations

from functools import cache

import psycopg
from django.apps import apps
from django.db import DatabaseError, models

from apps.core.errors import Conflict, FieldError, Invalid, MalformedRequest, PodiumError, Unavailable
from apps.core.triggers import TriggerConstraint


class AlreadyExists(Conflict):
    """A live row holds this value already."""

    code = "ALREADY_EXISTS"
    title = "Already taken"


class Collided(Unavailable):
    """Two requests needed each other's rows; PostgreSQL ended this one."""

    code = "TRY_AGAIN"
    title = "Two requests got into each other's way"


class ParentGone(Conflict):
    """What this belongs to was deleted meanwhile."""

    code = "PARENT_DELETED"
    title = "What it belongs to is deleted"


@cache
def _constraints() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Constraint name → (model's name, the fields it is about)."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            found[constraint.name] = (str(model._meta.verbose_name), _fields(constraint))
    return found


@cache
def _triggers() -> dict[str, TriggerConstraint]:
    """The rules that triggers keep and that say themselves what a refusal means."""
    every = (constraint for model in apps.get_models() for constraint in model._meta.constraints)
    return {
        constraint.name: constraint
        for constraint in every
        if isinstance(constraint, TriggerConstraint) and type(constraint).explain is not TriggerConstraint.explain
    }


def _fields(constraint: models.BaseConstraint) -> tuple[str, ...]:
    if isinstance(constraint, models.UniqueConstraint):
        if constraint.fields:
            return tuple(name for name in constraint.fields if name != "organization")
        return tuple(
            str(getattr(source, "name", ""))
            for expression in constraint.expressions
            for source in getattr(expression, "flatten", list)()
            if isinstance(source, models.F)
        )
    if isinstance(constraint, models.CheckConstraint):
        condition = constraint.condition
        return tuple(sorted({name for name, _ in _leaves(condition)})) if isinstance(condition, models.Q) else ()
    return ()


def _leaves(condition: models.Q) -> list[tuple[str, object]]:
    leaves: list[tuple[str, object]] = []
    for child in condition.children:
        if isinstance(child, models.Q):
            leaves += _leaves(child)
        elif isinstance(child, tuple):
            leaves.append((child[0].split("__")[0], child[1]))
    return leaves


def explain_violation(error: DatabaseError) -> PodiumError | None:
    """The error that a violated constraint means to the caller; None where the name is not one of ours."""
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
        return Collided("Nothing was changed. The same request may work in a moment.", retry_after=1.0)
    if isinstance(cause, psycopg.errors.DataError):
        return MalformedRequest("A value is out of range: a number, a date or its time zone.")
    return _explain_integrity(cause) if isinstance(cause, psycopg.errors.IntegrityError) else None


def _explain_integrity(cause: psycopg.errors.IntegrityError) -> PodiumError | None:
    name = cause.diag.constraint_name or ""
    if name in _triggers():
        return _triggers()[name].explain(cause.diag.message_detail or "")
    model, fields = _constraints().get(name, ("", ()))
    if isinstance(cause, psycopg.errors.UniqueViolation) and model:
        what = " and ".join(fields) or "value"
        return AlreadyExists(
            f"A {model} with this {what} exists already.",
            errors=[FieldError(f"#/{field}", "ALREADY_EXISTS", "Taken by a live row.") for field in fields],
            extra={"constraint": name},
        )
    if isinstance(cause, psycopg.errors.ForeignKeyViolation) and model:
        column = (cause.diag.column_name or "").removesuffix("_id")
        return ParentGone(
            f"The {column} of this {model} was deleted.",
            errors=[FieldError(f"#/{column}", "PARENT_DELETED", "Deleted meanwhile.")],
        )
    if isinstance(cause, psycopg.errors.CheckViolation) and model:
        detail = f"Breaks the rule {name}."
        return Invalid(
            f"This {model} breaks the rule {name}.",
            errors=[FieldError(f"#/{field}", "CHECK_FAILED", detail) for field in fields],
        )
    return None
