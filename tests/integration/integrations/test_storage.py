"""The storage behind its circuit."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.utils import timezone

from apps.accounts.enums import Role
from apps.datasets.models import Dataset
from apps.integrations.storage import GuardedStorage
from apps.resilience import defaults, policy
from apps.resilience.errors import CircuitOpen, RetriesExhausted
from tests.api import problem, signed_in
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.datasets import CSV, csv_file
from tests.integration.integrations.conftest import MoodyStorage, quick_circuits

pytestmark = pytest.mark.usefixtures("circuits", "moody")

CONTENT = b"one,two\n" * 1000


def break_it(moody: MoodyStorage) -> None:
    """Let it fail until its circuit is open."""
    moody.failures = 3
    for _ in range(3):
        with pytest.raises(RetriesExhausted):
            default_storage.exists("x")
    assert policy("storage").breaker.state == "open"


def test_it_is_the_storage_of_the_project() -> None:
    assert isinstance(storages["default"], GuardedStorage)
    assert storages["default"].inner is storages["files"]


def test_files_come_back_as_they_went() -> None:
    name = default_storage.save("a/b.csv", ContentFile(CONTENT))
    assert name == "a/b.csv"
    with default_storage.open(name) as file:
        assert file.read() == CONTENT
        file.seek(4)
        assert file.read(3) == b"two"
        assert b"".join(file.chunks(100)) == CONTENT
    assert (default_storage.exists(name), default_storage.size(name)) == (True, len(CONTENT))
    assert default_storage.listdir("a") == ([], ["b.csv"])
    now = timezone.now()
    times = [
        default_storage.get_modified_time(name),
        default_storage.get_created_time(name),
        default_storage.get_accessed_time(name),
    ]
    assert all(abs((now - time).total_seconds()) < 60 for time in times)
    default_storage.delete(name)
    assert default_storage.exists(name) is False


def test_a_name_that_is_taken_gets_an_alternative() -> None:
    names = {default_storage.save("a.csv", ContentFile(CONTENT)) for _ in range(2)}
    assert len(names) == 2


def test_a_read_that_broke_in_the_middle_begins_again_where_it_began(moody: MoodyStorage) -> None:
    name = default_storage.save("a.csv", ContentFile(CONTENT))
    previous = defaults.install(quick_circuits(attempts=2))
    try:
        with default_storage.open(name) as file:
            file.seek(8)
            moody.failures = 1
            assert file.read(7) == CONTENT[8:15]
    finally:
        defaults.install(previous)


def test_what_needs_no_call_is_not_guarded(moody: MoodyStorage) -> None:
    break_it(moody)
    assert default_storage.url("a b.csv").endswith("a%20b.csv")
    assert default_storage.path("a.csv") == moody.path("a.csv")
    assert default_storage.get_valid_name("a b.csv") == "a_b.csv"
    assert default_storage.generate_filename("x/a b.csv") == "x/a_b.csv"


def test_an_open_circuit_leaves_the_storage_alone(moody: MoodyStorage) -> None:
    name = default_storage.save("a.csv", ContentFile(CONTENT))
    opened = default_storage.open(name)
    break_it(moody)
    calls = moody.calls
    operations: list[Any] = [
        lambda: default_storage.save("b.csv", ContentFile(CONTENT)),
        lambda: default_storage.open(name),
        lambda: default_storage.delete(name),
        lambda: default_storage.exists(name),
        lambda: default_storage.listdir(""),
        lambda: default_storage.size(name),
        opened.read,
    ]
    for operation in operations:
        with pytest.raises(CircuitOpen):
            operation()
    assert moody.calls == calls


def test_a_missing_file_is_an_answer_and_no_failure() -> None:
    for _ in range(5):
        with pytest.raises(FileNotFoundError):
            default_storage.open("missing.csv")
    assert policy("storage").breaker.state == "closed"


def test_a_name_outside_its_folder_is_refused_and_no_failure() -> None:
    for _ in range(5):
        with pytest.raises(SuspiciousFileOperation):
            default_storage.open("../../etc/passwd")
        with pytest.raises(SuspiciousFileOperation):
            default_storage.save("../x.csv", ContentFile(CONTENT))
    assert policy("storage").breaker.state == "closed"


def test_a_save_that_is_tried_again_begins_at_the_beginning(moody: MoodyStorage) -> None:
    previous = defaults.install(quick_circuits(attempts=2))
    moody.failures = 1
    name = default_storage.save("a.csv", ContentFile(CONTENT))
    defaults.install(previous)
    with default_storage.open(name) as file:
        assert file.read() == CONTENT


@pytest.mark.django_db
class TestUpload:
    """What people see of it."""

    def test_an_open_circuit_is_a_503_that_says_when_to_come_back(self, moody: MoodyStorage) -> None:
        client = signed_in(member(OrganizationFactory.create(), Role.DATA_SCIENTIST))
        break_it(moody)
        response = client.post("/api/v1/datasets/upload/", {"file": csv_file(), "name": "Marks"}, format="multipart")
        body = problem(response, 503, "CIRCUIT_OPEN")
        assert body["service"] == "storage"
        assert 1 <= int(response["Retry-After"]) <= 90
        assert Dataset._base_manager.count() == 0

    def test_a_file_that_can_not_be_read_is_no_empty_download(self, moody: MoodyStorage) -> None:
        client = signed_in(member(OrganizationFactory.create(), Role.DATA_SCIENTIST))
        upload = {"file": csv_file(), "name": "Marks"}
        created = client.post("/api/v1/datasets/upload/", upload, format="multipart").json()
        url = f"/api/v1/datasets/{created['id']}/download/"
        assert b"".join(client.get(url).streaming_content) == CSV
        break_it(moody)
        problem(client.get(url), 503, "CIRCUIT_OPEN")
