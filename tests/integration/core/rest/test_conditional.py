"""ETags: reads that know they are up to date, writes that can't overwrite what they have not seen."""

from __future__ import annotations

from typing import Any

import pytest

from apps.contests.models import Score
from apps.events.models import Event
from tests.integration.core.house import House


@pytest.fixture
def url(alice: House) -> str:
    return f"/api/v1/events/{alice.one(Event).pk}/"


@pytest.fixture
def score(alice: House) -> str:
    """Something contested: it is never written without a version."""
    return f"/api/v1/scores/{alice.one(Score).pk}/"


def test_a_resource_has_its_version_as_etag(alice: House, url: str) -> None:
    response = alice.client.get(url)

    assert response.headers["ETag"] == f'"{response.json()["version"]}"'


@pytest.mark.parametrize("form", ["{}", "W/{}", '"0", {}', "*"])
def test_a_read_of_what_is_known_is_304_without_a_body(form: str, alice: House, url: str) -> None:
    tag = alice.client.get(url).headers["ETag"]
    response = alice.client.get(url, HTTP_IF_NONE_MATCH=form.format(tag))

    assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)


def test_a_read_of_an_older_version_is_answered(alice: House, url: str) -> None:
    assert alice.client.get(url, HTTP_IF_NONE_MATCH='"0"').status_code == 200


def test_a_write_counts_the_version_and_gives_the_new_etag(alice: House, url: str) -> None:
    before = alice.client.get(url).json()["version"]
    response = alice.client.patch(url, {"name": "Renamed"}, HTTP_IF_MATCH=f'"{before}"')

    assert (response.status_code, response.json()["version"]) == (200, before + 1)
    assert response.headers["ETag"] == f'"{before + 1}"'
    assert alice.client.get(url).headers["ETag"] == f'"{before + 1}"'


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_stale_write_changes_nothing(method: str, alice: House, url: str) -> None:
    read = alice.client.get(url).json()
    response = getattr(alice.client, method)(url, {**read, "name": "Late"}, HTTP_IF_MATCH='"99"')

    assert response.status_code == 412
    assert alice.client.get(url).json() == read


def test_the_version_in_a_body_counts_as_if_match(alice: House, url: str) -> None:
    version = alice.client.get(url).json()["version"]

    assert alice.client.patch(url, {"name": "Form", "version": version}).status_code == 200
    assert alice.client.patch(url, {"name": "Form again", "version": version}).status_code == 412


def test_where_nothing_is_contested_a_write_needs_no_version(alice: House, url: str) -> None:
    assert alice.client.patch(url, {"name": "Unconditional"}).status_code == 200
    assert alice.client.patch(url, {"name": "Any"}, HTTP_IF_MATCH="*").status_code == 200


@pytest.mark.parametrize("header", ["nonsense", '"1.5"', '"-1"', '"' + "9" * 5000 + '"', '"٣"'])
def test_a_tag_that_is_no_tag_of_ours_is_malformed(header: str, alice: House, url: str) -> None:
    response = alice.client.patch(url, {"name": "X"}, HTTP_IF_MATCH=header)

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "If-Match"


@pytest.mark.parametrize("version", ["one", -1, 1.5, True, [1]])
def test_a_body_version_that_is_none_is_malformed(version: Any, alice: House, url: str) -> None:
    response = alice.client.patch(url, {"name": "X", "version": version})

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/version"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_what_is_contested_is_not_written_without_a_version(method: str, alice: House, score: str) -> None:
    body = {"value": "6.00"} if method != "delete" else None
    response = getattr(alice.client, method)(score, body)

    assert (response.status_code, response.json()["code"]) == (428, "VERSION_REQUIRED")


def test_what_is_contested_is_written_with_one(alice: House, score: str) -> None:
    tag = alice.client.get(score).headers["ETag"]

    assert alice.client.patch(score, {"value": "6.00"}, HTTP_IF_MATCH=tag).status_code == 200
    assert alice.client.patch(score, {"value": "5.00"}, HTTP_IF_MATCH=tag).status_code == 412
