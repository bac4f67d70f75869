"""Every model that exists, and each that comes later, keeps the promises of soft delete and tenancy."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models

from apps.core.softdelete.admin import SoftDeleteAdmin
from apps.core.softdelete.base import OrganizationModel, SoftDeletedModel

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
SOFT_DELETED = [model for model in OURS if issubclass(model, SoftDeletedModel)]
OF_AN_ORGANIZATION = [model for model in SOFT_DELETED if issubclass(model, OrganizationModel)]

# Constraints that count deleted rows on purpose, each with its reason.
COUNTS_DELETED_ROWS = {
    "dataset_version_number_unique": "a version's number is never used again, deleted or not",
}
# Models whose rows people see on another's page.
WITHOUT_A_PAGE = {"contests.BoardFreeze": "the freezes of a contest are part of its board"}


def _label(model: type[models.Model]) -> str:
    return model._meta.label


@pytest.mark.parametrize("model", SOFT_DELETED, ids=_label)
def test_a_value_is_free_again_once_its_row_is_deleted(model: type[models.Model]) -> None:
    columns = [f.name for f in model._meta.local_fields if f.unique and not f.primary_key]
    unconditional = [
        constraint.name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        and constraint.condition is None
        and constraint.name not in COUNTS_DELETED_ROWS
    ]

    assert (columns, list(model._meta.unique_together), unconditional) == ([], [], [])


@pytest.mark.parametrize("model", OF_AN_ORGANIZATION, ids=_label)
def test_lists_have_an_index_that_leads_with_the_organization(model: type[models.Model]) -> None:
    leading = [
        index.name
        for index in model._meta.indexes
        if index.fields and index.fields[0] == "organization" and index.condition
    ]

    assert leading, f"{model._meta.label} needs live_index('organization', …)"


@pytest.mark.parametrize("model", SOFT_DELETED, ids=_label)
def test_every_foreign_key_has_an_index_for_its_cascade(model: type[models.Model]) -> None:
    led = {(index.fields[0].lstrip("-") if index.fields else "") for index in model._meta.indexes} | {
        constraint.fields[0]
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields
    }
    bare = [
        field.name
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and not field.db_index and field.name not in led
    ]

    assert bare == []


@pytest.mark.parametrize("model", SOFT_DELETED, ids=_label)
def test_default_managers_show_live_rows_only(model: type[models.Model]) -> None:
    assert model._default_manager.__class__.__name__ in {"LiveManager", "OrganizationLiveManager", "UserManager"}


def test_every_model_is_in_the_admin_with_state_restore_and_history() -> None:
    bare = {
        model._meta.label
        for model in SOFT_DELETED
        if not isinstance(admin.site._registry.get(model), SoftDeleteAdmin)
        or not {"delete_selected", "restore_selected"} <= set(admin.site._registry[model].actions or ())
    }

    assert bare == set(WITHOUT_A_PAGE)
