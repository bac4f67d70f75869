"""Editing in the admin: every page of every soft-deleted model, found in the registry."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.core.softdelete.admin import SoftDeleteAdmin
from apps.core.softdelete.editing import VERSION, FoundAdmin
from tests.factories.accounts import OperatorFactory
from tests.integration.contests.admin.pages import fields_of
from tests.integration.core.house import House

pytestmark = pytest.mark.django_db

NEVER_CHANGED = {"contests.Deduction", "contests.Draw", "datasets.DatasetVersion"}  # only deleted and restored
PAGES = {model: page for model, page in admin.site._registry.items() if isinstance(page, SoftDeleteAdmin)}
CHANGED = [model for model in PAGES if model._meta.label not in NEVER_CHANGED]
OURS = {model: page for model, page in admin.site._registry.items() if type(page).__module__.startswith("apps.")}


def page_of(model: Any, key: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])


def staff() -> Client:
    """Platform staff, who act on all organizations."""
    client = Client()
    client.force_login(OperatorFactory.create(is_superuser=True))
    return client


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model._meta.label)
def test_a_form_older_than_its_row_is_refused_and_keeps_what_was_typed(model: Any, alice: House) -> None:
    row, client = alice.one(model), staff()
    opened = client.get(page_of(model, row.pk))
    typed = fields_of(opened)
    form = opened.context["adminform"].form
    assert opened.content.decode().count(f'name="{VERSION}"') == 1
    text = next((name for name in form.fields if form.fields[name].__class__.__name__ == "CharField"), None)
    if text is not None:
        typed[text] = "typed-here"
    stored = model._base_manager.get(pk=row.pk)
    stored.save()

    answer = client.post(page_of(model, row.pk), typed)

    assert answer.status_code == 200
    (error,) = answer.context["adminform"].form.non_field_errors()
    assert error.endswith("Open it again to see what it says now.")
    assert text is None or "typed-here" in answer.content.decode()
    assert model._base_manager.get(pk=row.pk).version == stored.version


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model._meta.label)
def test_a_form_of_the_rows_own_version_is_taken(model: Any, alice: House) -> None:
    row, client = alice.one(model), staff()
    opened = client.get(page_of(model, row.pk))

    answer = client.post(page_of(model, row.pk), fields_of(opened))

    assert (answer.status_code, answer.context and answer.context["errors"]) == (302, None)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_what_is_not_there_is_not_found(model: Any) -> None:
    assert isinstance(OURS[model], FoundAdmin)

    assert staff().get(page_of(model, "01890000-0000-7000-8000-000000000000")).status_code == 404


@pytest.mark.parametrize("state", ["", "deleted", "all"])
def test_the_state_is_a_column_while_deleted_rows_are_listed(state: str, alice: House) -> None:
    model = next(model for model in PAGES if model._meta.label == "events.Event")
    alice.one(model)
    client = Client()
    client.force_login(alice.owner)

    page = client.get(reverse("admin:events_event_changelist"), {"state": state} if state else {})

    assert ("deletion_state" in page.context["cl"].list_display) == bool(state)


def test_the_front_page_lists_what_people_work_with() -> None:
    client = staff()

    listed = {app["app_label"]: {model["object_name"] for model in app["models"]} for app in index_of(client)}

    brought = {label: models for label, models in listed.items() if not is_ours(label)}
    assert brought == {
        "django_celery_beat": {"PeriodicTask", "CrontabSchedule", "IntervalSchedule"},
        "django_celery_results": {"TaskResult"},
    }
    for model in brought["django_celery_beat"]:
        name = f"admin:django_celery_beat_{model.lower()}"
        assert [client.get(reverse(f"{name}_{page}")).status_code for page in ("changelist", "add")] == [200, 200]


def index_of(client: Client) -> Any:
    return client.get(reverse("admin:index")).context["app_list"]


def is_ours(label: str) -> bool:
    return apps.get_app_config(label).name.startswith("apps.")
