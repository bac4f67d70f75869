"""Every column of what a contest's result is made of is locked with it, or free for a reason."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from apps.contests.models import BoardFreeze, Contest, Draw, Judge
from apps.contests.models.locks import ResultLock
from apps.core.audit.trail import NOT_CONTENT

NOT_OF_A_RESULT = {
    Judge: "a judge is the organization's; the seat is the contest's",
    BoardFreeze: "what the public sees of a board, which is frozen and thawed at any time",
    Draw: "how starting orders were drawn; the orders themselves are the entries'",
}
FREE = {
    "contests.Contest": {
        "name": "how it is shown",
        "description": "how it is shown",
        "position": "how it is shown",
        "visibility": "how it is shown",
        "live_board": "how it is shown",
        "frozen_at": "how it is shown",
        "status": "transitions pass",
        "erratum": "a draft until it is signed, and then the certification's",
    },
}


def _locks(model: type[models.Model]) -> list[ResultLock]:
    return [constraint for constraint in model._meta.constraints if isinstance(constraint, ResultLock)]


PARTS = [
    model
    for model in apps.get_app_config("contests").get_models()
    if any(field.name == "deletion_id" for field in model._meta.local_fields) and model not in NOT_OF_A_RESULT
]


@pytest.mark.parametrize("model", PARTS, ids=lambda model: model._meta.label)
def test_every_content_column_is_locked_or_free_for_a_reason(model: type[models.Model]) -> None:
    (lock,) = _locks(model)
    columns = {field.column for field in model._meta.local_concrete_fields} - NOT_CONTENT

    named = [*lock.columns, *lock.erasable, *FREE.get(model._meta.label, {})]

    assert sorted(named) == sorted(columns)


@pytest.mark.parametrize("model", PARTS, ids=lambda model: model._meta.label)
def test_an_erasure_can_overwrite_every_personal_column_and_no_hashed_one(model: type[models.Model]) -> None:
    (lock,) = _locks(model)
    swept = {
        field.column
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices
    }
    hashed = set(getattr(model, "hashed_fields", ()))

    assert set(lock.erasable) == swept - hashed - set(FREE.get(model._meta.label, {}))


@pytest.mark.parametrize("model", PARTS, ids=lambda model: model._meta.label)
def test_the_way_of_a_lock_leads_to_the_contest(model: type[models.Model]) -> None:
    (lock,) = _locks(model)
    at: type[models.Model] = model
    for column, table in lock.way:
        field = next(field for field in at._meta.local_concrete_fields if field.column == column)
        at = field.related_model  # type: ignore[assignment]
        assert at._meta.db_table == table

    assert at is Contest
