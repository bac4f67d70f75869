"""Which version and format a client gets."""

from __future__ import annotations

import pytest

from tests.integration.core.house import House

EVENTS = "/api/v1/events/"
V1 = "application/vnd.podium.v1+json"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (V1, V1),
        (f"{V1}; q=0.4, application/json; q=0.9", "application/json"),
        (f"{V1}; q=0.9, application/json; q=0.4", V1),
        (f"application/vnd.podium.v9+json, {V1}", V1),
        ("application/vnd.podium.v9+json, */*; q=0.1", "application/json"),
        ("application/json; q=0, */*", V1),
        ("application/json; q=nonsense", "application/json"),
    ],
)
def test_the_content_type_is_the_best_that_is_accepted(accept: str | None, content_type: str, alice: House) -> None:
    response = alice.client.get(EVENTS, **({"HTTP_ACCEPT": accept} if accept else {}))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == content_type
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.podium.v9+json",
        "application/vnd.podium.v9+json, application/vnd.podium.v8+json",
        "application/vnd.podium.v9+json, */*; q=0",
        f"{V1}; q=0, application/vnd.podium.v2+json",
    ],
)
def test_an_unknown_version_alone_is_refused_with_the_known_ones(accept: str, alice: House) -> None:
    response = alice.client.get(EVENTS, HTTP_ACCEPT=accept)

    assert response.status_code == 406
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["supported"] == ["v1"]


def test_a_format_that_is_not_offered_is_refused_without_versions(alice: House) -> None:
    response = alice.client.get(EVENTS, HTTP_ACCEPT="image/png")

    assert response.status_code == 406
    assert "supported" not in response.json()


def test_nothing_is_acceptable_when_everything_is_refused(alice: House) -> None:
    assert alice.client.get(EVENTS, HTTP_ACCEPT="*/*; q=0").status_code == 406


def test_writes_echo_the_version_too(alice: House) -> None:
    response = alice.client.post(EVENTS, {"name": "Spring cup"}, HTTP_ACCEPT=V1)

    assert (response.status_code, response.headers["Content-Type"]) == (201, V1)


def test_problems_keep_their_own_type_whatever_version_is_accepted(alice: House) -> None:
    response = alice.client.post(EVENTS, {}, HTTP_ACCEPT=V1)

    assert (response.status_code, response.headers["Content-Type"]) == (422, "application/problem+json")
