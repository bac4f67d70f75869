"""Two organizations know nothing of each other inside tasks either."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.apps import apps
from django.db.models import Manager, Model

from apps.core.correlation.celery import HEADER, CorrelatedTask, outgoing_headers
from apps.core.softdelete.base import OrganizationModel
from apps.core.tenancy import OrganizationRequired, current_organization_id, organization_scope
from apps.core.versions import OrganizationManager
from tests.integration.core.house import House

# Tasks that act for the platform, on every organization's rows; each has its reason. All others are given ids of
# things that say themselves whose they are (a job), and act in that organization.
FOR_THE_PLATFORM = {
    "core.purge_deletion": "retention is the platform's duty, whoever the deletion belongs to",
    "core.purge_due": "sweeps every organization's recycle bin",
    "core.sweep_jobs": "takes up what killed workers left, of every organization",
    "contests.refresh_totals": "does ahead of them what readers of any organization's boards would do",
    "notifications.send_webhooks": "one event loop sends the deliveries of every organization",
    "notifications.forget_old_webhooks": "retention of every organization's deliveries",
    "notifications.send_mail": "one queue holds the mails of every organization, and the platform's own",
    "notifications.forget_old_mail": "retention of every organization's mails",
    "notifications.warn_of_purges": "looks into every organization's recycle bin",
    "core.forget_idempotency_keys": "requests of every organization's people are sent again or are not",
    "core.remove_old_failures": "failed tasks are for the platform's operators",
    "messaging.remove_published": "the outbox holds every organization's messages",
    "core.erase_person": "a person is erased everywhere",
    "resilience.lets_through": "circuits are the platform's",
    "datasets.remove_unused_content": "bytes are looked for among all versions",
}
FOR_ONE_ORGANIZATION = {"contests.import_csv", "contests.import_isu", "core.delete_object"}


def _scoped_managers(model: type[Model]) -> list[Manager[Any]]:
    return [manager for manager in model._meta.managers if manager.name != "of_all_organizations"]


SCOPED = [
    (model, manager)
    for model in apps.get_models()
    if model.__module__.startswith("apps.")
    and (issubclass(model, OrganizationModel) or isinstance(model._default_manager, OrganizationManager))
    for manager in _scoped_managers(model)
]
NAMES = [f"{model._meta.label}.{manager.name}" for model, manager in SCOPED]


class Reader(CorrelatedTask):
    """A task that looks for a row."""

    name = "tests.reader"

    def run(self, label: str, manager: str, key: str) -> bool:
        rows: Any = getattr(apps.get_model(label), manager)
        found: bool = rows.filter(pk=key).exists()
        return found


def run_as_enqueued_by(house: House | None, *args: str) -> Any:
    """What a worker does with a task that was sent from within this organization's scope."""
    if house is None:
        headers = {}
    else:
        with organization_scope(house.organization.pk):
            headers = outgoing_headers()
        assert headers["organization_id"] == str(house.organization.pk)
    task = Reader()
    task.bind(current_app._get_current_object())  # type: ignore[attr-defined]
    task.push_request(**{HEADER: headers})
    try:
        return task(*args)
    finally:
        task.pop_request()
        assert current_organization_id() is None


def _row_of(house: House, model: type[Model]) -> Any:
    """Some row of the house's: what triggers write, such as history, is there already."""
    return model._base_manager.filter(organization_id=house.organization.pk).first() or house.one(model)


@pytest.mark.parametrize(("model", "manager"), SCOPED, ids=NAMES)
def test_a_task_sees_the_rows_of_its_own_organization_only(
    model: type[Model], manager: Manager[Any], alice: House, bob: House
) -> None:
    asked = (model._meta.label, manager.name, str(_row_of(alice, model).pk))

    assert run_as_enqueued_by(bob, *asked) is False
    if manager.name != "deleted_objects":
        assert run_as_enqueued_by(alice, *asked) is True


@pytest.mark.parametrize(("model", "manager"), SCOPED, ids=NAMES)
def test_a_task_outside_any_organization_is_stopped(model: type[Model], manager: Manager[Any]) -> None:
    with pytest.raises(OrganizationRequired):
        run_as_enqueued_by(None, model._meta.label, manager.name, str(UUID(int=0)))


def test_every_task_says_for_whom_it_acts() -> None:
    current_app.loader.import_default_modules()
    ours = {name for name in current_app.tasks if not name.startswith(("celery.", "tests.", "zoo."))}

    assert ours == set(FOR_THE_PLATFORM) | FOR_ONE_ORGANIZATION
