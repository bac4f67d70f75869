"""Datasets and their versions over the API."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core import clock
from apps.core.audit.models import AuditRecord
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.hooks import Affected
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services.purging import purge_due
from apps.core.tenancy import organization_scope, platform_scope
from apps.datasets.models import CONTENT_COLUMNS, Dataset, DatasetVersion
from apps.datasets.services import remove_unused_content
from apps.datasets.services.content import forget_purged_content
from apps.datasets.tasks import remove_unused_content as remove_content_task
from tests.api import ids, pointers, problem, signed_in
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.datasets import CSV, DatasetFactory, DatasetVersionFactory, csv_file

pytestmark = pytest.mark.django_db

DATASETS = "/api/v1/datasets/"
UPLOAD = f"{DATASETS}upload/"


@pytest.fixture
def ice() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def client(ice: Organization) -> APIClient:
    return signed_in(member(ice, Role.DATA_SCIENTIST))


def upload(client: APIClient, content: bytes = CSV, **fields: str) -> Any:
    return client.post(UPLOAD, {"file": csv_file(content), "name": "Marks", **fields}, format="multipart")


def add_version(client: APIClient, dataset_id: str, content: bytes, message: str = "") -> Any:
    body = {"file": csv_file(content), "message": message}
    return client.post(f"{DATASETS}{dataset_id}/versions/", body, format="multipart")


def stored(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def downloaded(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


class TestUpload:
    """A file becomes a dataset."""

    def test_it_becomes_a_dataset_with_one_version(self, client: APIClient, ice: Organization, media: Path) -> None:
        created = upload(client, description="From the cup", message="First")
        assert created.status_code == 201
        body = created.json()
        assert (body["slug"], body["description"], body["version_count"]) == ("marks", "From the cup", 1)
        digest = hashlib.sha256(CSV).hexdigest()
        version = body["current_version"]
        assert {key: version[key] for key in ("number", "row_count", "column_count", "size", "content_hash")} == {
            "number": 1,
            "row_count": 2,
            "column_count": 2,
            "size": len(CSV),
            "content_hash": digest,
        }
        assert created["Location"] == body["url"]
        assert stored(media) == [media / "datasets" / str(ice.pk) / digest[:2] / f"{digest}.csv"]
        details = client.get(f"/api/v1/versions/{version['id']}/").json()
        assert details["columns"] == [
            {"name": "name", "type": "text", "nullable": False},
            {"name": "points", "type": "decimal", "nullable": False},
        ]
        assert details["dialect"] == {"encoding": "utf-8", "delimiter": ","}
        assert (details["filename"], details["message"]) == ("marks.csv", "First")
        types = list(OutboxMessage.objects.order_by("id").values_list("type", flat=True))
        assert types == ["dataset.created", "dataset.version.created"]

    def test_equal_uploads_share_their_bytes_within_an_organization_only(
        self, client: APIClient, media: Path
    ) -> None:
        upload(client)
        upload(client)
        assert len(stored(media)) == 1
        upload(signed_in(member(OrganizationFactory.create())))
        assert len(stored(media)) == 2

    def test_a_half_written_file_is_not_taken_for_the_content(
        self, client: APIClient, ice: Organization, media: Path
    ) -> None:
        digest = hashlib.sha256(CSV).hexdigest()
        broken = media / "datasets" / str(ice.pk) / digest[:2] / f"{digest}.csv"
        broken.parent.mkdir(parents=True)
        broken.write_bytes(CSV[:7])
        dataset_id = upload(client).json()["id"]
        assert downloaded(client.get(f"{DATASETS}{dataset_id}/download/")) == CSV

    def test_bad_rows_are_named_and_nothing_is_kept(self, client: APIClient, media: Path) -> None:
        body = problem(upload(client, b"a,b\n1,2\n1\n1,2,3\n"), 422, "UNREADABLE_TABLE")
        assert (body["reason"], body["bad_rows"]) == ("BAD_ROWS", 2)
        assert pointers(body) == [
            ("#/rows/3", "WRONG_NUMBER_OF_FIELDS"),
            ("#/rows/4", "WRONG_NUMBER_OF_FIELDS"),
        ]
        assert (ids(client.get(DATASETS)), stored(media)) == ([], [])

    def test_an_empty_file_says_so(self, client: APIClient) -> None:
        body = problem(upload(client, b""), 422, "UNREADABLE_TABLE")
        assert pointers(body) == [("#/file", "EMPTY_FILE")]

    def test_a_file_with_too_many_bytes_is_refused(self, client: APIClient, settings: Any) -> None:
        settings.DATASET_LIMITS = {**settings.DATASET_LIMITS, "bytes": 20}
        body = problem(upload(client), 413, "UPLOAD_TOO_LARGE")
        assert (body["limit"], pointers(body)) == (20, [("#/file", "TOO_LARGE")])

    def test_one_that_says_it_is_too_large_is_not_even_read(self, client: APIClient, settings: Any) -> None:
        settings.DATASET_LIMITS = {**settings.DATASET_LIMITS, "bytes": 20}
        response = client.generic("POST", UPLOAD, b"x", content_type="multipart/form-data", CONTENT_LENGTH="99999999")
        problem(response, 413, "UPLOAD_TOO_LARGE")

    def test_missing_and_unknown_fields_are_named(self, client: APIClient) -> None:
        body = problem(client.post(UPLOAD, {"naem": "x"}, format="multipart"), 422, "INVALID")
        assert pointers(body) == [("#/file", "REQUIRED"), ("#/name", "REQUIRED"), ("#/naem", "UNKNOWN_FIELD")]
        body = problem(client.post(UPLOAD, {"name": ""}, format="multipart"), 422, "INVALID")
        assert pointers(body) == [("#/file", "REQUIRED"), ("#/name", "BLANK")]

    def test_json_is_not_a_file(self, client: APIClient) -> None:
        problem(client.post(UPLOAD, {"name": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_a_slug_that_is_taken_is_a_conflict(self, client: APIClient) -> None:
        upload(client, slug="marks")
        body = problem(upload(client, slug="marks"), 409, "ALREADY_EXISTS")
        assert pointers(body) == [("#/slug", "ALREADY_EXISTS")]

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.JUDGE, Role.ORGANIZER])
    def test_it_takes_a_role_that_manages_data(self, ice: Organization, role: Role) -> None:
        problem(upload(signed_in(member(ice, role))), 403, "FORBIDDEN")

    def test_a_file_name_can_not_leave_its_folder(self, client: APIClient, ice: Organization, media: Path) -> None:
        body = {"file": csv_file(name="../../../etc/passwd"), "name": "x"}
        assert client.post(UPLOAD, body, format="multipart").status_code == 201
        assert {path.relative_to(media).parts[:2] for path in stored(media)} == {("datasets", str(ice.pk))}


class TestVersions:
    """A dataset grows by versions that never change."""

    def test_the_newest_version_is_the_current_one(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        created = add_version(client, dataset_id, b"a\n1\n2\n3\n", "More")
        assert (created.status_code, created.json()["number"], created.json()["row_count"]) == (201, 2, 3)
        assert created["Location"] == created.json()["url"]
        versions = client.get(f"{DATASETS}{dataset_id}/versions/").json()["results"]
        assert [version["number"] for version in versions] == [2, 1]
        dataset = client.get(f"{DATASETS}{dataset_id}/").json()
        assert (dataset["current_version"]["number"], dataset["version_count"]) == (2, 2)

    def test_a_deleted_version_steps_back_and_its_number_is_never_used_again(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        second = add_version(client, dataset_id, b"a\n1\n").json()["id"]
        assert client.delete(f"/api/v1/versions/{second}/").status_code == 204
        problem(client.get(f"/api/v1/versions/{second}/"), 404, "NOT_FOUND")
        assert client.get(f"{DATASETS}{dataset_id}/").json()["current_version"]["number"] == 1
        assert add_version(client, dataset_id, b"a\n2\n").json()["number"] == 3
        assert client.post(f"/api/v1/versions/{second}/restore/").json()["number"] == 2

    def test_the_number_and_the_hash_of_a_purged_version_stay_known_and_taken(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        purged = add_version(client, dataset_id, b"a\n1\n").json()
        client.delete(f"/api/v1/versions/{purged['id']}/")
        with platform_scope("a test"):
            Deletion.objects.update(expires_at=clock.now())
            assert purge_due() == 1
            made = AuditRecord.objects.get(row_id=purged["id"], action="created").new

        assert (made["number"], made["content_hash"]) == (2, purged["content_hash"])
        assert add_version(client, dataset_id, b"a\n2\n").json()["number"] == 3

    def test_a_dataset_that_is_deleted_takes_its_versions_along_and_brings_them_back(self, client: APIClient) -> None:
        body = upload(client).json()
        version_url = f"/api/v1/versions/{body['current_version']['id']}/"
        assert client.delete(f"{DATASETS}{body['id']}/").status_code == 204
        for url in (version_url, f"{DATASETS}{body['id']}/versions/", f"{DATASETS}{body['id']}/download/"):
            problem(client.get(url), 404, "NOT_FOUND")
        problem(add_version(client, body["id"], CSV), 404, "NOT_FOUND")
        assert client.post(f"{DATASETS}{body['id']}/restore/").json()["version_count"] == 1
        assert client.get(version_url).status_code == 200

    def test_a_dataset_can_begin_without_data(self, client: APIClient) -> None:
        created = client.post(DATASETS, {"name": "Empty", "tags": ["ice", "isu"]})
        assert (created.status_code, created.json()["current_version"], created.json()["tags"]) == (
            201,
            None,
            ["ice", "isu"],
        )
        problem(client.get(f"{DATASETS}{created.json()['id']}/download/"), 404, "NO_SUCH_VERSION")
        assert add_version(client, created.json()["id"], CSV).json()["number"] == 1

    def test_what_is_said_about_a_dataset_can_change(self, client: APIClient) -> None:
        url = upload(client).json()["url"]
        changed = client.patch(url, {"name": "Points", "description": "All of them"})
        assert (changed.status_code, changed.json()["name"], changed.json()["version_count"]) == (200, "Points", 1)

    @pytest.mark.parametrize("column", CONTENT_COLUMNS)
    def test_the_database_refuses_to_change_the_content(self, column: str) -> None:
        version = DatasetVersionFactory.create()
        other = DatasetVersionFactory.create(content=b"a\n1\n", row_count=1, columns=[], dialect={"encoding": "x"})
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            DatasetVersion._base_manager.filter(pk=version.pk).update(**{column: getattr(other, column)})

    def test_what_is_said_about_a_version_can_be_erased(self) -> None:
        version = DatasetVersionFactory.create(message="By Alice")
        DatasetVersion._base_manager.filter(pk=version.pk).update(message="", created_by=None, filename="")

    def test_two_versions_added_at_once_get_different_numbers(self) -> None:
        version = DatasetVersionFactory.create()
        with pytest.raises(IntegrityError, match="dataset_version_number_unique"), transaction.atomic():
            DatasetVersionFactory.create(dataset=version.dataset, number=version.number)


class TestDownload:
    """The bytes come back as they were."""

    def test_the_file_comes_back(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        response = client.get(f"{DATASETS}{dataset_id}/download/")
        assert downloaded(response) == CSV
        assert response["Content-Type"] == "text/csv"
        assert response["Content-Length"] == str(len(CSV))
        assert response["Content-Disposition"] == 'attachment; filename="marks-v1.csv"'
        assert response["X-Correlation-ID"]

    def test_each_version_has_its_own(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        add_version(client, dataset_id, b"a\n1\n")
        url = f"{DATASETS}{dataset_id}/download/"
        assert [downloaded(client.get(url + query)) for query in ("?version=1", "?version=2", "")] == [
            CSV,
            b"a\n1\n",
            b"a\n1\n",
        ]
        problem(client.get(f"{url}?version=3"), 404, "NO_SUCH_VERSION")
        body = problem(client.get(f"{url}?version=x"), 400, "MALFORMED_REQUEST")
        assert pointers(body) == [("?version", "OUT_OF_RANGE")]
        body = problem(client.get(f"{url}?versoin=1"), 400, "MALFORMED_REQUEST")
        assert pointers(body) == [("?versoin", "UNKNOWN_PARAMETER")]

    def test_it_is_not_sent_twice(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        url = f"{DATASETS}{dataset_id}/download/"
        first = client.get(url)
        assert downloaded(first) == CSV
        assert client.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304

    def test_a_client_may_ask_for_csv(self, client: APIClient) -> None:
        dataset_id = upload(client).json()["id"]
        url = f"{DATASETS}{dataset_id}/download/"
        assert downloaded(client.get(url, HTTP_ACCEPT="text/csv")) == CSV
        problem(client.get(f"{url}?version=9", HTTP_ACCEPT="text/csv"), 404, "NO_SUCH_VERSION")

    def test_bytes_that_are_gone_are_an_error_and_no_empty_file(self, client: APIClient, media: Path) -> None:
        dataset_id = upload(client).json()["id"]
        stored(media)[0].unlink()
        problem(client.get(f"{DATASETS}{dataset_id}/download/"), 500, "CONTENT_MISSING")


class TestPurge:
    """Bytes go when the last version that needs them is gone for good."""

    def test_bytes_stay_while_a_version_needs_them(self, ice: Organization, media: Path) -> None:
        version = DatasetVersionFactory.create(dataset__organization=ice)
        key = version.storage_key
        with organization_scope(ice.pk):
            version.delete()
        assert remove_unused_content(keys=[key]) == 0
        assert len(stored(media)) == 1
        with platform_scope("a test"):
            DatasetVersion._base_manager.filter(pk=version.pk)._raw_delete("default")
        assert remove_unused_content(keys=[key]) == 1
        assert stored(media) == []
        assert remove_unused_content(keys=[key]) == 1  # done again by a worker whose answer was lost

    def test_the_purge_of_a_dataset_has_its_bytes_removed(
        self, ice: Organization, media: Path, django_capture_on_commit_callbacks: Any, monkeypatch: Any
    ) -> None:
        sent: list[tuple[str, list[Any]]] = []
        monkeypatch.setattr(current_app, "send_task", lambda name, args, **_: sent.append((name, args)))
        version = DatasetVersionFactory.create(dataset__organization=ice)
        other = DatasetVersionFactory.create(dataset__organization=ice, content=b"a\n1\n")
        with platform_scope("a test"), django_capture_on_commit_callbacks(execute=True):
            version.dataset.delete()
            Deletion.objects.update(expires_at=clock.now())
            assert purge_due() == 1
        assert ("datasets.remove_unused_content", [[version.storage_key]]) in sent
        assert remove_content_task([version.storage_key]) == 1
        assert [path.name for path in stored(media)] == [Path(other.storage_key).name]

    def test_the_purge_of_something_else_asks_for_nothing(self) -> None:
        nothing = Affected("events.event", (), None, None, lambda model: model._base_manager.none())
        assert forget_purged_content(nothing) is None


class TestLists:
    """Finding datasets."""

    def test_they_are_filtered_and_searched(self, client: APIClient, ice: Organization) -> None:
        owner = member(ice)
        marks = DatasetFactory.create(organization=ice, name="Marks", tags=["isu"], owner_id=owner.pk, slug="m")
        other = DatasetFactory.create(organization=ice, name="Weather", description="rain and snow")
        asked = {
            "?tag=isu": [marks.pk],
            f"?owner={owner.pk}": [marks.pk],
            "?slug=m": [marks.pk],
            "?search=snow": [other.pk],
            "?ordering=name": [marks.pk, other.pk],
        }
        assert {query: ids(client.get(DATASETS + query)) for query in asked} == asked

    @pytest.mark.parametrize("rows", [1, 20])
    def test_a_list_takes_the_same_number_of_queries(
        self, client: APIClient, ice: Organization, rows: int, django_assert_num_queries: Any
    ) -> None:
        for _ in range(rows):
            DatasetVersionFactory.create_batch(2, dataset=DatasetFactory.create(organization=ice))
        with django_assert_num_queries(3):
            body = client.get(DATASETS).json()
        assert [row["version_count"] for row in body["results"]] == [2] * rows
        dataset = Dataset._base_manager.first()
        assert dataset is not None
        with django_assert_num_queries(4):
            assert len(ids(client.get(f"{DATASETS}{dataset.pk}/versions/"))) == 2

    def test_the_history_refuses_what_it_does_not_know(self, client: APIClient) -> None:
        dataset_id = UUID(upload(client).json()["id"])
        body = problem(client.get(f"{DATASETS}{dataset_id}/versions/?rows=1"), 400, "MALFORMED_REQUEST")
        assert pointers(body) == [("?rows", "UNKNOWN_PARAMETER")]
