"""The ids of a request, from its headers to its answer, whatever the answer is."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.api import anonymous

pytestmark = pytest.mark.django_db

PATHS = ["/api/v1/", "/api/v1/events/", "/api/v1/nothing/", "/admin/login/", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_well_formed_ids_come_back(path: str) -> None:
    response = anonymous().get(path, HTTP_X_REQUEST_ID="req-1", HTTP_X_CORRELATION_ID="story_1.A")
    assert (response["X-Request-ID"], response["X-Correlation-ID"]) == ("req-1", "story_1.A")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("bad", ["a b", "x" * 65, "<script>", "a\tb", "ü", "a;b", ""])
def test_others_are_replaced(path: str, bad: str) -> None:
    response = anonymous().get(path, HTTP_X_REQUEST_ID=bad, HTTP_X_CORRELATION_ID=bad)
    assert UUID(response["X-Request-ID"]).version == 7
    assert response["X-Correlation-ID"] == response["X-Request-ID"]


def test_a_request_that_brings_its_own_id_only_is_a_story_of_its_own() -> None:
    response = anonymous().get("/api/v1/", HTTP_X_REQUEST_ID="req-1")
    assert response["X-Correlation-ID"] == "req-1"
