"""Datasets in the admin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.datasets.models import Dataset
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.datasets import DatasetFactory, DatasetVersionFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/datasets/dataset/"
VERSIONS = "/admin/datasets/datasetversion/"


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def client(ice: Organization) -> Client:
    browser = Client()
    browser.force_login(member(ice, Role.OWNER))
    return browser


def test_the_list_shows_versions_and_rows(client: Client, ice: Organization) -> None:
    dataset = DatasetFactory.create(organization=ice)
    DatasetVersionFactory.create_batch(2, dataset=dataset, row_count=1234)
    DatasetFactory.create(organization=ice, name="Without data")
    DatasetVersionFactory.create()
    page = client.get(LIST)
    assert [row.version_count for row in page.context["cl"].result_list] == [0, 2]
    assert "1,234" in page.content.decode()


@pytest.mark.parametrize("path", [LIST, VERSIONS])
def test_it_takes_the_same_number_of_queries_for_one_and_for_many(
    client: Client, ice: Organization, path: str
) -> None:
    counts = []
    for datasets in (1, 15):
        for _ in range(datasets):
            DatasetVersionFactory.create(dataset=DatasetFactory.create(organization=ice))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_dataset_shows_its_history(client: Client, ice: Organization) -> None:
    version = DatasetVersionFactory.create(dataset__organization=ice, message="First upload")
    page = client.get(reverse("admin:datasets_dataset_change", args=[version.dataset_id]))
    assert page.status_code == 200
    assert "First upload" in page.content.decode()


def test_what_is_said_about_it_changes(client: Client, ice: Organization) -> None:
    version = DatasetVersionFactory.create(dataset__organization=ice)
    body = {
        "name": "Points",
        "slug": "points",
        "description": "All",
        "tags": '["isu"]',
        "versions-TOTAL_FORMS": "1",
        "versions-INITIAL_FORMS": "1",
        "version_read": "1",
        "versions-0-id": str(version.pk),
        "versions-0-dataset": str(version.dataset_id),
    }
    page = client.post(reverse("admin:datasets_dataset_change", args=[version.dataset_id]), body)
    assert page.status_code == 302, page.context["errors"]
    dataset = Dataset._base_manager.get()
    assert (dataset.name, dataset.tags) == ("Points", ["isu"])


def test_a_new_one_belongs_to_the_organization_acted_in(client: Client, ice: Organization) -> None:
    body = {
        "name": "Points",
        "slug": "points",
        "tags": "[]",
        "versions-TOTAL_FORMS": "0",
        "versions-INITIAL_FORMS": "0",
        "version_read": "1",
    }
    page = client.post(f"{LIST}add/", body)
    assert page.status_code == 302, page.context["errors"]
    assert Dataset._base_manager.get().organization_id == ice.pk


def test_versions_are_looked_at_and_made_by_uploads_only(client: Client, ice: Organization) -> None:
    version = DatasetVersionFactory.create(dataset__organization=ice)
    assert client.get(reverse("admin:datasets_datasetversion_change", args=[version.pk])).status_code == 200
    assert client.get(f"{VERSIONS}add/").status_code == 403


def test_anothers_are_not_there(client: Client) -> None:
    strange = DatasetVersionFactory.create()
    assert client.get(reverse("admin:datasets_dataset_change", args=[strange.dataset_id])).status_code == 404
    assert client.get(reverse("admin:datasets_datasetversion_change", args=[strange.pk])).status_code == 404
