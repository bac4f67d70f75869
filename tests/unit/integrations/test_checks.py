"""A storage or a mail server that can't work stops the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.integrations.checks import mail_can_work, mail_reaches_people, storage_can_work


def ids(settings: Any, url: str) -> list[str | None]:
    settings.STORAGE_URL = url
    return [message.id for message in storage_can_work(None)]


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/prefix", "file:///tmp", "file:///tmp/not/yet/there", ""])
def test_a_storage_that_can_work_passes(settings: Any, tmp_path: Path, url: str) -> None:
    settings.PODIUM_HOME = tmp_path
    assert ids(settings, url) == []


@pytest.mark.parametrize("url", ["file://media", "file://var/media", "file:media"])
def test_a_folder_that_is_not_absolute_is_refused(settings: Any, url: str) -> None:
    assert ids(settings, url) == ["integrations.E001"]


def test_a_folder_that_can_not_be_written_to_is_refused(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert ids(settings, f"file://{tmp_path}/file/media") == ["integrations.E002"]


def test_a_bucket_without_a_name_is_refused(settings: Any) -> None:
    assert ids(settings, "s3:///prefix") == ["integrations.E003"]


SERVER = {"service": "email", "backend": "", "options": {"host": "smtp.example.org"}}
NO_HOST = {"service": "email", "backend": "", "options": {"host": ""}}
FOLDER = {"service": "email", "backend": "", "options": {"folder": "mail"}}


@pytest.mark.parametrize(
    ("sender", "accounts", "found"),
    [
        ("Podium <podium@example.org>", [SERVER], []),
        ("podium@example.org", [FOLDER], []),
        ("podium", [SERVER], ["integrations.E004"]),
        ("podium@", [SERVER, NO_HOST], ["integrations.E004", "integrations.E005"]),
    ],
)
def test_mail_needs_a_sender_and_a_host(settings: Any, sender: str, accounts: list[Any], found: list[str]) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    settings.MAIL = {**settings.MAIL, "ACCOUNTS": accounts}

    assert [message.id for message in mail_can_work(None)] == found


@pytest.mark.parametrize(
    ("url", "account", "found"),
    [
        ("https://podium.example", SERVER, []),
        ("http://127.0.0.1:8000", SERVER, ["integrations.W002"]),
        ("https://podium.example", FOLDER, ["integrations.W001"]),
    ],
)
def test_in_production_mails_reach_people(settings: Any, url: str, account: Any, found: list[str]) -> None:
    settings.PUBLIC_URL = url
    settings.MAIL = {**settings.MAIL, "ACCOUNTS": [account]}

    assert [message.id for message in mail_reaches_people(None)] == found
